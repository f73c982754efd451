import { revisionId } from '../storage/storage.ts';
import { asByteString } from '../tree/byte-string.ts';
import type { Lists } from './lists.ts';
import type { Listed, LockedRevision, Mirroring, Wanted } from './mirroring.ts';

/** A revision to hold. */
export interface Wish {
  readonly listed: Listed;
  /** What the lock file has, where it decides. */
  readonly locked: LockedRevision | undefined;
}

export interface Choice {
  readonly wishes: readonly Wish[];
  /** Held, no longer listed, and wanted if it were listed. With `keep`, these are among the wishes. */
  readonly gone: readonly Listed[];
}

/** Which revisions to hold, as a rule chooses of the lists. */
export function chooseFrom({ choose }: Wanted & { kind: 'chosen' }, lists: Lists, gone: Mirroring['gone']): Choice {
  const all = choose([...lists.listed, ...lists.gone]);
  const isGone = new Set(lists.gone.map(({ id }) => id));
  const goneOnes = all.filter(({ id }) => isGone.has(id));
  // What is kept takes the place of nothing that the registry still has.
  const chosen = isGone.size === 0 ? all : [...choose(lists.listed), ...(gone === 'keep' ? goneOnes : [])];
  return { wishes: chosen.map((listed) => ({ listed, locked: undefined })), gone: goneOnes };
}

/** The revisions of a lock file. */
export function chooseLocked({ revisions }: Wanted & { kind: 'locked' }): Choice {
  const wishes = revisions.map((locked): Wish => {
    const { name, version, signature } = locked;
    const facts = { type: asByteString('') };
    const isSigned = signature !== undefined;
    return { listed: { id: revisionId(name, version), name, version, isSigned, ranges: [], facts }, locked };
  });
  return { wishes, gone: [] };
}
