import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { afterAll } from 'vitest';

/* Disks that fail: real file systems in memory, which only root can mount. */

const mounted: string[] = [];

afterAll(() => {
  for (const folder of mounted.splice(0)) execFileSync('umount', ['--lazy', folder]);
});

/** Whether a disk can be mounted here; says so where it can't. */
export const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
    return true;
  } catch (error) {
    process.stderr.write(`\nSKIPPED: what needs a full disk: no tmpfs can be mounted here (${String(error)}).\n\n`);
    return false;
  }
})();

/** Mounts an empty disk on a new folder, until the tests of this file end. `options` are those of tmpfs, such as `size=1m` or `ro`. */
export function mountDisk(folder: string, options: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  mounted.push(folder);
}
