import { spawnSync } from 'node:child_process';
import { withLock } from '../../src/tree/commit/lock.ts';
import type { Lock, LockedFolder } from '../../src/tree/commit/lock.ts';

/** For folders that no other process knows. */
export const noOthers: Lock = { check: () => undefined, release: () => undefined };

/** Runs `use` with the lock of a folder, which must be free. */
export async function whileLocked<T>(folder: string, use: (locked: LockedFolder) => Promise<T>): Promise<T> {
  const onWait = (holder: string): void => {
    throw new Error(`${folder} is locked by ${holder}`);
  };
  return await withLock(folder, { onWait }, (lock) => use({ folder, lock }));
}

/** The identity of a process of this machine that has ended. */
export function deadProcess(): string {
  const module = new URL('../../lib/tree/commit/process-id.js', import.meta.url).href;
  const script = `import { ownProcess } from '${module}'; process.stdout.write(ownProcess());`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script]).stdout.toString();
}

/** An identity that no process of this machine has. */
export const ELSEWHERE = '0123456789ab-7-4242';
