import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ANSWERS, answerPath, INDEX, indexFilePath, isIndexFile, MANIFEST, REGISTRY, RELEASE } from '../layout.ts';
import { parseNames } from '../names.ts';
import { atExit } from './at-exit.ts';
import { removeNow, temporaryName } from './leftovers.ts';
import type { LockedFolder } from './lock.ts';

/** What a patch is to do once it is whole. */
interface Journal {
  /** Relative to the folder: what goes before the new is moved in. */
  readonly removed: readonly string[];
}

export interface Patch<T> {
  readonly result: T;
  /** Paths of the folder that are to go, files and folders. */
  readonly removed: readonly string[];
}

/**
 * Adds to a folder that is in use: `make` fills a temporary one beside it with what is new, by the same paths. Once that is
 * whole and written down, its files are moved in, `index.json` and `release.json` last, since they name the
 * others. A patch that was interrupted after that point is carried out by `finishPatch`. Nothing changes where `make` gives
 * undefined or throws.
 */
export async function patchFolder<T>(
  { folder, lock }: LockedFolder,
  make: (temporary: string) => Promise<Patch<T> | undefined>,
): Promise<T | undefined> {
  const temporary = temporaryName(hidden(folder));
  const clear = (): void => removeNow(temporary);
  const leave = atExit(clear);
  try {
    await mkdir(temporary, { recursive: true });
    const patch = await make(temporary);
    if (!patch) return undefined;
    await writeFile(join(temporary, JOURNAL), JSON.stringify({ removed: patch.removed } satisfies Journal));
    await rm(patchPlace(folder), { recursive: true, force: true });
    lock.check();
    await rename(temporary, patchPlace(folder));
    await finishPatch(folder);
    return patch.result;
  } finally {
    clear();
    leave();
  }
}

/** Whether a patch is whole, but not carried out. */
export function hasPatch(folder: string): boolean {
  return existsSync(join(patchPlace(folder), JOURNAL));
}

/** Carries out a patch that is whole; nothing where there is none. */
export async function finishPatch(folder: string): Promise<void> {
  const patch = patchPlace(folder);
  if (!hasPatch(folder)) return;
  const { removed } = JSON.parse(await readFile(join(patch, JOURNAL), 'utf8')) as Journal;
  const files = (await walk(patch, '')).filter((path) => path !== JOURNAL);
  for (const path of removed) if (!files.includes(path)) rmSync(join(folder, path), { recursive: true, force: true });
  for (const path of files.sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    renameSync(join(patch, path), join(folder, path));
  }
  await removeStale(folder, files);
  await rm(patch, { recursive: true, force: true });
}

/** What names the other files. */
const LAST: readonly string[] = [INDEX, RELEASE];
const JOURNAL = '.journal.json';

/** What the new files don't name any more: files that are called by their digest, and parts of the manifest. */
async function removeStale(folder: string, files: readonly string[]): Promise<void> {
  const { columns, rows } = parseNames(await readFile(join(folder, INDEX), 'utf8'));
  const { answers } = JSON.parse(await readFile(join(folder, indexFilePath(columns)), 'utf8')) as {
    answers: { digests: string[] };
  };
  const named = new Set([...files, ...[columns, rows].map(indexFilePath), ...answers.digests.map(answerPath)]);
  const found = await Promise.all([MANIFEST, REGISTRY, ANSWERS].map((inner) => namesIn(folder, inner)));
  for (const path of found.flat()) {
    const isNumbered = path.startsWith(`${MANIFEST}/`) || path.startsWith(`${ANSWERS}/`) || isIndexFile(basename(path));
    if (isNumbered && !named.has(path)) rmSync(join(folder, path));
  }
}

async function namesIn(folder: string, inner: string): Promise<string[]> {
  return (await readdir(join(folder, inner)).catch(() => [])).map((name) => `${inner}/${name}`);
}

async function walk(folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  const inner = await Promise.all(
    entries.map((entry) =>
      entry.isDirectory() ? walk(folder, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    ),
  );
  return inner.flat();
}

function hidden(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}`);
}

/** A whole patch lies here until it is carried out. */
export function patchPlace(folder: string): string {
  return `${hidden(folder)}.patch`;
}
