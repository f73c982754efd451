import { lstat, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence, Stop } from '../errors.ts';
import { git } from './git/command.ts';
import { defaultBranches } from './git/refs.ts';
import type { DefaultBranch } from './git/refs.ts';
import { locateStorage } from './open.ts';
import type { Located, LocateOptions } from './open.ts';

/** The files that a storage holds beside its layers: in its folder, or on a default branch of its repository. */
export interface OwnFiles {
  /** The branch; undefined for a folder. */
  readonly branch: string | undefined;
  /** The text of a file. Undefined if there is none. Throws a `Stop` if it is no plain file, or a large one. */
  read(path: string): Promise<string | undefined>;
}

/** The places of own files, the one that counts most first. Throws what `locateStorage` throws. */
export async function ownFiles(location: string, options: LocateOptions): Promise<OwnFiles[]> {
  const located = await locateStorage(location, options);
  if (located.kind === 'directory') return [folderFiles(located)];
  const directory = (await git(['-C', located.folder, 'rev-parse', '--absolute-git-dir'])).trim();
  return (await defaultBranches(directory)).map((branch) => branchFiles(directory, branch));
}

/** The most that an own file may have, in bytes. */
const MOST_BYTES = 2 ** 20;

function branchFiles(directory: string, { name, commit }: DefaultBranch): OwnFiles {
  return {
    branch: name,
    read: async (path) => {
      const listed = await git(['--git-dir', directory, 'ls-tree', '-l', '-z', '--full-tree', commit, '--', path]);
      const [, mode = '', id = '', size = ''] = /^(\d+) \S+ (\S+) +(\S+)\t/.exec(listed) ?? [];
      if (mode === '') return undefined;
      refuseUnusual(`${path} on ${name} of ${directory}`, { isFile: mode.startsWith('100'), size: Number(size) });
      return await git(['--git-dir', directory, 'cat-file', 'blob', id]);
    },
  };
}

/** Links are not followed: they may lead out of the storage. */
function folderFiles({ folder }: Located): OwnFiles {
  return {
    branch: undefined,
    read: async (path) => {
      const file = join(folder, path);
      try {
        if ((await realpath(file)) !== join(await realpath(folder), path)) throw unusual(file);
        const stat = await lstat(file);
        refuseUnusual(file, { isFile: stat.isFile(), size: stat.size });
        return await readFile(file, 'utf8');
      } catch (error) {
        if (isAbsence(error)) return undefined;
        throw error;
      }
    },
  };
}

function refuseUnusual(shown: string, { isFile, size }: { isFile: boolean; size: number }): void {
  if (!isFile) throw unusual(shown);
  if (size > MOST_BYTES)
    throw new Stop('bad-config', `${shown} has more than ${MOST_BYTES} bytes`, 'use another file with --config');
}

function unusual(shown: string): Stop {
  return new Stop(
    'bad-config',
    `${shown} is not a plain file`,
    'put a plain file in its place, or use another file with --config',
  );
}
