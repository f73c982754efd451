import fs, { cpSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/*
 * A folder as a kill would leave it: copies, taken before each call of a run in this process that changes a file.
 */

const CHANGING = ['mkdirSync', 'renameSync', 'rmdirSync', 'rmSync', 'unlinkSync', 'writeFileSync'] as const;

/** Copies a folder before each step of `act` for which `isWanted`, and once in the end. Gives the copies. */
export async function snapshots(
  folder: string,
  act: () => Promise<void>,
  isWanted: () => boolean,
  name = 'copy',
): Promise<readonly string[]> {
  const taken: string[] = [];
  let isTaking = false;
  const take = (): void => {
    if (isTaking || !isWanted()) return;
    isTaking = true;
    const copy = `${folder}-${name}-${taken.length}`;
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    taken.push(copy);
    isTaking = false;
  };
  const real = { ...fs };
  for (const name of CHANGING)
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        take();
        return (real[name] as (...all: unknown[]) => unknown)(...args);
      },
    });
  syncBuiltinESMExports();
  try {
    await act();
  } finally {
    for (const name of CHANGING) Object.assign(fs, { [name]: real[name] });
    syncBuiltinESMExports();
  }
  take();
  return taken;
}
