import { INDEX, RELEASE } from '../../tree/layout.ts';
import { loadIndex } from './index.ts';
import type { Index } from './index.ts';
import { lineOf, UnreadableFile } from './site-files.ts';
import type { Log, SiteFiles, SiteState } from './site-files.ts';

/*
 * A site changes while a host serves it: a build extends it or puts another in its place, somebody damages and mends it.
 */

/** Watches a site, so that every answer is wholly of one build. */
export interface SiteWatch {
  /**
   * The result of `answer`, which gets the index of the site as it was within the last second; undefined if there is none that can be
   * read. If the site turns out to have changed meanwhile, `answer` is called once more, with the new index.
   */
  answer<T>(answer: (index: Index | undefined) => Promise<T>): Promise<T>;
  /** Whether the site was looked at within the last second, so that answers over its index are current. */
  isFresh(): boolean;
  /** Another site may have come: it is looked at when the next request comes. */
  lookAgain(): void;
  /** Undefined, if the site is still the one with this index. Otherwise throws, so that `answer` begins again. */
  confirmAbsence(index: Index | undefined): Promise<undefined>;
  /** Throws, so that `answer` begins again, if another site than the one with this index may have been seen: then a list that was read is perhaps that one's. */
  confirm(index: Index | undefined): void;
}

/** `onChange` is called before the index of another site is loaded. A failure of loading goes to the log. */
export function watchSite(files: SiteFiles, log: Log, onChange: () => void = () => undefined): SiteWatch {
  /** What is known of the site now; nothing while that is in doubt. */
  let known: { readonly index: Index | undefined } | undefined;
  const onDoubt = (): void => {
    known = undefined;
  };
  const load = indexLoader(files, log, { onDoubt, onChange });
  let checked = 0;
  let current: Promise<Index | undefined> = Promise.resolve(undefined);
  const look = (): Promise<Index | undefined> => {
    checked = Date.now();
    current = load(current).then((index) => {
      known = { index };
      return index;
    });
    return current;
  };
  const isFresh = (): boolean => Date.now() - checked < RECHECK;
  const index = (): Promise<Index | undefined> => (isFresh() ? current : look());
  return {
    isFresh,
    lookAgain: () => {
      checked = 0;
    },
    answer: async (answer) => {
      for (let left = TRIES; ; left--) {
        const before = await index();
        try {
          return await answer(before);
        } catch (error) {
          if (!(error instanceof UnreadableFile) || left === 1) throw error;
          if ((await look()) === before && !(error instanceof SiteChanged)) throw error;
        }
      }
    },
    confirmAbsence: async (before) => {
      if ((await look()) !== before) throw new SiteChanged();
      return undefined;
    },
    confirm: (before) => {
      if (!known || known.index !== before) throw new SiteChanged();
    },
  };
}

class SiteChanged extends UnreadableFile {
  constructor() {
    super(INDEX, 'the site has changed');
  }
}

/** Milliseconds. */
const RECHECK = 1000;
/** How many sites in a row may come while one request is answered. */
const TRIES = 3;
/** Milliseconds. A site that is moved away for another one is gone for a moment. */
const GONE = 50;

interface Watcher {
  /** The site is another one now, or perhaps gone. */
  onDoubt(): void;
  /** The index of another site is loaded next. */
  onChange(): void;
}

/** Gives the index before, while the site is the same and that was loaded. */
function indexLoader(
  files: SiteFiles,
  log: Log,
  { onDoubt, onChange }: Watcher,
): (before: Promise<Index | undefined>) => Promise<Index | undefined> {
  let known: SiteState | undefined;
  const stateNow = async (): Promise<SiteState | undefined> =>
    await (files.state ? files.state() : stateByText(files)).catch((error: unknown) => {
      if (!(error instanceof UnreadableFile)) throw error;
      log(lineOf(error));
      return undefined;
    });
  const stateSoon = async (): Promise<SiteState | undefined> => {
    const state = await stateNow();
    if (state || !known) return state;
    onDoubt();
    await new Promise((done) => setTimeout(done, GONE));
    return await stateNow();
  };
  const attempt = async (state: SiteState): Promise<Index | UnreadableFile | undefined> =>
    await loadIndex(files, state.changed).catch((error: unknown) => {
      if (error instanceof UnreadableFile) return error;
      throw error;
    });
  return async (before) => {
    const loaded = await before.catch(() => undefined); // those who waited for it have the error
    for (let left = TRIES; ; left--) {
      const state = await stateSoon();
      if (loaded && state?.identity === known?.identity) return loaded;
      known = state;
      onDoubt();
      onChange();
      if (!state) return undefined;
      const index = await attempt(state);
      if (!(index instanceof UnreadableFile)) return index;
      if (left > 1 && (await stateNow())?.identity !== state.identity) continue; // it changed while it was read
      log(lineOf(index));
      return undefined;
    }
  };
}

async function stateByText(files: SiteFiles): Promise<SiteState | undefined> {
  const [index, release] = await Promise.all([files.bytes(INDEX), files.bytes(RELEASE)]);
  if (!index) return undefined;
  const identity = [index, release].map((bytes) => new TextDecoder().decode(bytes)).join('\n');
  return { identity, changed: Math.floor(Date.now() / 1000) };
}
