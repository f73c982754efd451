import { existsSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Makes a folder anew: `make` fills a temporary one beside it (and may use a second one for work), which then takes its
 * place. Until then the folder stays as it is, whatever happens; what an interrupted run has left is cleared away.
 */
export async function replaceFolder<T>(
  folder: string,
  make: (temporary: string, work: string) => Promise<T>,
): Promise<T> {
  const parent = dirname(folder);
  const prefix = `.${basename(folder)}`;
  await mkdir(parent, { recursive: true });
  await recover(folder);
  const temporary = join(parent, `${prefix}.${process.pid}.tmp`);
  const work = join(parent, `${prefix}.${process.pid}.work`);
  const clear = (): void => [temporary, work].forEach((path) => rmSync(path, { recursive: true, force: true }));
  clear();
  process.once('exit', clear);
  try {
    await mkdir(temporary);
    const result = await make(temporary, work);
    const old = join(parent, `${prefix}.old`);
    await rm(old, { recursive: true, force: true });
    if (existsSync(folder)) await rename(folder, old);
    await rename(temporary, folder);
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
  const prefix = `.${basename(folder)}.`;
  if (!existsSync(parent)) return;
  if (!existsSync(folder) && existsSync(join(parent, `${prefix}old`)))
    await rename(join(parent, `${prefix}old`), folder);
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.(tmp|work)$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
