import { CHANGE } from './layout.ts';

/*
 * How a folder that is in use becomes another one by a single rename. What is new is made aside and then renamed to `.epr-static` in
 * the folder: this is the switch. From then on, readers take the *patch* in there for a part of the folder, as the *journal* beside
 * it says, so that they see the new folder as a whole, wherever its files lie at that moment. The files are moved in meanwhile; in
 * the end the journal is removed. Edge-plain.
 */

/** What a change of a folder that is under way has to do. Paths are relative to the folder. */
export type Journal = (Part | Whole) & {
  /** The file whose text says what the folder holds. */
  readonly witness: string;
  /** Its text in the folder that is changed, if it has one, and in the one that comes of it. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Whether the folder is moved out of sight while files are moved in, because its readers know no journals. */
  readonly hides: boolean;
};

/** The patch has only what is new. */
interface Part {
  readonly kind: 'part';
  /** Files that go first: a file makes way for a folder of that name, or the other way round. */
  readonly inTheWay: readonly string[];
  readonly removed: readonly string[];
  /** Of the new files, those that come last, in this order. */
  readonly last: readonly string[];
}

/** The patch is a whole folder. */
interface Whole {
  readonly kind: 'whole';
  /** What it has at its top. Each name is moved in at once, and the old one to `OLD`; in this order. */
  readonly names: readonly string[];
}

export const JOURNAL = `${CHANGE}/journal.json`;
export const PATCH = `${CHANGE}/patch`;
/** What a whole patch has replaced. */
export const OLD = `${CHANGE}/old`;

/** Parses a journal; undefined where the text is none. */
export function parseJournal(text: string): Journal | undefined {
  try {
    const journal = JSON.parse(text) as Journal | null;
    return journal && (journal.kind === 'part' || journal.kind === 'whole') ? journal : undefined;
  } catch {
    return undefined; // altered by hand: nobody knows what was to be done
  }
}

/**
 * Whether a journal belongs to the folder in which it lies, by the text of its witness in the folder, or else in `OLD`. It doesn't
 * where somebody removed the folder's files, or put others in their place.
 */
export function isOf(journal: Journal, witness: string | undefined): boolean {
  return witness === journal.before || witness === journal.after;
}

/** Whether the new folder lacks a path that the old one may have. */
export function isRemoved(journal: Journal, path: string): boolean {
  if (journal.kind === 'whole') return journal.names.indexOf(topOf(path)) < 0;
  return journal.removed.indexOf(path) >= 0 || journal.inTheWay.indexOf(path) >= 0;
}

/**
 * What must not be there for a path that the patch lacks to be the folder's; '' if it is the folder's anyway. As long as
 * a name at the top of a whole patch was not moved, the folder has the old one of that name.
 */
export function untilMoved(journal: Journal, path: string): string {
  return journal.kind === 'whole' ? `${PATCH}/${topOf(path)}` : '';
}

function topOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}
