import { existsSync, renameSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finishPatch } from './patch.ts';
import { clearLeftovers, leftovers, removeNow, temporaryName } from './leftovers.ts';

/**
 * Makes a folder anew: `make` fills a temporary one beside it (and may use a second one for work), which then takes its
 * place, if the result is one that is done. Until then the folder stays as it is, whatever happens; what an interrupted run has left is cleared away.
 */
export async function replaceFolder<T>(
  folder: string,
  make: (temporary: string, work: string) => Promise<T>,
  isDone: (result: T) => boolean = () => true,
): Promise<T> {
  await mkdir(dirname(folder), { recursive: true });
  await recover(folder);
  const hidden = join(dirname(folder), `.${basename(folder)}`);
  const temporary = temporaryName(hidden, 'tmp');
  const work = temporaryName(hidden, 'work');
  const old = temporaryName(hidden, 'old');
  const clear = (): void => [temporary, work, old].forEach(removeNow);
  clear();
  process.once('exit', clear);
  try {
    await mkdir(temporary);
    const result = await make(temporary, work);
    if (isDone(result)) swap(folder, temporary, old);
    await rm(old, { recursive: true, force: true });
    return result;
  } finally {
    clear();
    process.removeListener('exit', clear);
  }
}

/** Puts back a folder that a killed run had moved away, and removes what runs that are no more have left. */
export async function recover(folder: string): Promise<void> {
  const parent = dirname(folder);
  const hidden = `.${basename(folder)}`;
  const old = (await leftovers(parent, hidden)).find((name) => name.endsWith('.old'));
  if (old !== undefined && !existsSync(folder)) moveIfThere(join(parent, old), folder);
  await clearLeftovers(parent, hidden);
  await finishPatch(folder);
}

/** Both moves without a pause, so that no signal is handled between them. */
function swap(folder: string, temporary: string, old: string): void {
  for (let tries = 1; ; tries++) {
    const isMoved = moveIfThere(folder, old);
    try {
      renameSync(temporary, folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isTaken = code === 'ENOTEMPTY' || code === 'EEXIST'; // another build of this site came between the two
      if (isMoved && isTaken) removeNow(old);
      else if (isMoved) renameSync(old, folder);
      if (!isTaken || tries === MOST_TRIES) throw error;
    }
  }
}

const MOST_TRIES = 10;

/** Whether there was something to move: another build may take it first. */
function moveIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
