import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsence } from '../errors.ts';
import { isOf, isRemoved, JOURNAL, OLD, parseJournal, PATCH, untilMoved } from './journal.ts';
import type { Journal } from './journal.ts';

/*
 * How to read a folder that builds change (`journal.ts`). A file that was found by these functions is the one of the old folder or of
 * the new one, as of one moment between the call and its return.
 */

/**
 * The folders in which a path of a folder may lie, the likeliest first. Look in the next one where one has no such file. Most of the
 * time that is the folder itself. `path` is a byte string.
 */
export function* treesOf(folder: string, path: string): Generator<string, void, undefined> {
  const before = journalOf(folder);
  if (!before) yield folder;
  const journal = before ?? journalOf(folder); // a change may have begun since
  if (journal && isRemoved(journal, Buffer.from(path, 'latin1').toString())) return;
  if (journal) yield join(folder, PATCH);
  const unmoved = journal ? untilMoved(journal, path) : '';
  if (unmoved === '' || !existsSync(join(folder, unmoved))) yield folder;
}

/** What `look` finds at a path of a folder. `look` gets a folder in which the path may lie, and gives undefined where it doesn't. */
export async function findCurrent<T>(
  folder: string,
  path: string,
  look: (tree: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const tree of treesOf(folder, path)) {
    const found = await look(tree);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The journal of a folder's change that is under way; undefined where there is none, or one that is of another folder. */
export function journalOf(folder: string): Journal | undefined {
  const place = join(folder, JOURNAL);
  const text = existsSync(place) ? textIn(place) : undefined; // most often it isn't there, and an exception is dear
  const journal = text === undefined ? undefined : parseJournal(text);
  if (!journal) return undefined;
  const witness = textIn(join(folder, journal.witness)) ?? textIn(join(folder, OLD, journal.witness));
  return isOf(journal, witness) ? journal : undefined;
}

/** The text of a file; undefined where it isn't there. */
export function textIn(place: string): string | undefined {
  try {
    return readFileSync(place, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
