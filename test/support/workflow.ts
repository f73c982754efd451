import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, temporaryFolder } from './cli.ts';
import type { Run } from './cli.ts';
import { createRepository, under } from './repository.ts';
import type { Files, Repository } from './repository.ts';

/* A storage of three layers with the rules of the shipped configuration, and the program run on it. */

export interface StorageProject {
  readonly folder: string;
  readonly repository: Repository;
  /** Runs the program in the folder, as a made-up user. */
  run(...args: readonly string[]): Promise<Run>;
  /** Runs it with `--json`, which must give data and nothing else. */
  json<T>(...args: readonly string[]): Promise<T & { readonly status: number | null }>;
  /** Every file of a branch: `<mode> <type> <id> <path>`. */
  files(branch: string): string[];
  /** `name@version`, of the folders and zips on a branch. */
  revisions(branch: string): string[];
  /** Makes git refuse to move a branch, until the function that it gives is called. */
  freeze(branch: string): () => void;
}

const LAYERS = ['production', 'staging', 'snapshot'] as const;

/** A project whose storage is a bare repository; a layer that isn't given holds a README alone. */
export function storageProject(
  layers: Partial<Record<(typeof LAYERS)[number], Files>>,
  existing?: Repository,
): StorageProject {
  const folder = temporaryFolder();
  const repository = existing ?? createRepository(join(folder, 'origin.git'));
  mkdirSync(join(folder, 'content'));
  writeFileSync(join(folder, 'content/distributions.yml'), config(repository.folder));
  if (!existing)
    for (const layer of LAYERS)
      repository.commit(
        layer,
        repository.treeOf(under('packages', { 'README.md': 'Packages.\n' }, layers[layer] ?? {})),
      );
  const program = async (...args: readonly string[]): Promise<Run> => await run(args, { cwd: folder, env: USER });
  return {
    folder,
    repository,
    run: program,
    json: async <T>(...args: readonly string[]) => {
      const { status, stdout, stderr } = await program(...args, '--json');
      if (stdout === '') throw new Error(`nothing but: ${stderr}`);
      return { ...(JSON.parse(stdout) as T), status };
    },
    files: (branch) => lines(repository.git('ls-tree', '-r', branch)).map((line) => line.replace('\t', ' ')),
    revisions: (branch) => {
      const names = lines(repository.git('ls-tree', '-r', '-t', '--name-only', branch));
      return names.flatMap((path) => {
        const [, name, version] = /^packages\/([^/]+)\/([^/.]+\.[^/]+?)$/.exec(path) ?? [];
        return name !== undefined && version !== undefined ? [`${name}@${version}`] : [];
      });
    },
    freeze: (branch) => {
      const lock = join(repository.folder, `refs/heads/${branch}.lock`);
      mkdirSync(join(repository.folder, 'refs/heads'), { recursive: true });
      writeFileSync(lock, '');
      return () => rmSync(lock);
    },
  };
}

/** A made-up user, for git. */
export const USER = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'A Maintainer'],
    [`GIT_${role}_EMAIL`, 'maintainer@example.org'],
    [`GIT_${role}_DATE`, '2024-05-06T07:08:09+02:00'],
  ]),
) as Record<string, string>;

function config(storage: string): string {
  return `registry: 1.40.1
storage: ${JSON.stringify(storage)}
layers:
  production: { overwrite: never, remove: never }
  staging: { overwrite: warn, remove: exception }
  snapshot: { overwrite: allow, remove: allow }
distributions:
  production: { layers: [production] }
  staging: { layers: [production, staging] }
  snapshot: { layers: [production, staging, snapshot] }
`;
}

function lines(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}
