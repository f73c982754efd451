import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../tree/make-folder.ts';
import { shippedConfig } from '../../default-config.ts';
import { Stop } from '../../errors.ts';
import { DEFAULT_LIMITS } from '../../limits.ts';
import { git } from '../../storage/git/command.ts';
import { editTree, writeFolder } from '../../storage/git/edit-tree.ts';
import { incomingPackages } from '../../workflow/incoming.ts';
import { newStorageFiles, PACKAGES_README } from '../../workflow/new-storage.ts';
import { editsTo } from '../../workflow/revision-paths.ts';
import { openRepository } from '../../storage/git/repository.ts';
import type { Repository } from '../../storage/git/repository.ts';
import { FILE } from '../../storage/git/tree.ts';

export interface InitOptions {
  readonly folder: string;
  readonly dryRun: boolean;
}

/** The storage that was made. */
export interface InitReport {
  readonly folder: string;
  readonly dryRun: boolean;
  /** The files of its work tree, which is the branch `main`. */
  readonly files: readonly string[];
  /** The branches of the layers, highest first. */
  readonly layers: readonly string[];
  /** The sample package in the lowest layer. */
  readonly sample: string;
  /** The CI job for pull requests, on every layer's branch: a workflow of GitHub Actions. */
  readonly job: string;
}

const LAYERS = ['production', 'staging', 'snapshot'] as const;
/** GitHub runs the workflows of the branch that a pull request is for, and of its change. */
const JOB = '.github/workflows/packages.yml';

/**
 * Makes a new storage in a folder: a git repository with the distributions file on the branch `main`, a branch with a
 * CI job for each layer, and a sample package in the lowest layer. Throws a `Stop` if the folder isn't empty.
 */
export async function init({ folder: given, dryRun }: InitOptions): Promise<InitReport> {
  const folder = resolve(given);
  await refuseFull(folder);
  const files = await newStorageFiles();
  const report = { folder, dryRun, files: Object.keys(files), layers: LAYERS, sample: SAMPLE.id, job: JOB };
  if (dryRun) return report;
  makeFolder(folder);
  try {
    await git(['init', '--quiet', folder]);
    await git(['-C', folder, 'symbolic-ref', 'HEAD', 'refs/heads/main']);
    await fill(folder, files);
  } catch (error) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
    throw error;
  }
  return report;
}

async function fill(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const repository = await openRepository(folder, DEFAULT_LIMITS);
  try {
    await makeLayers(repository);
    await makeMain(repository, folder, files);
  } finally {
    await repository.close();
  }
}

const SAMPLE = { id: 'spool_reader@1.1.0', layer: 'snapshot', path: 'snapshot/packages/spool_reader/1.1.0' } as const;

async function refuseFull(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0) throw new Stop('not-empty', `${folder} is not empty`, 'name an empty folder, or one to create');
}

/** All layers start at one commit with the CI job, so that they can be compared and merged. The lowest layer gets the sample. */
async function makeLayers(repository: Repository): Promise<void> {
  const job = await readFile(join(dirname(shippedConfig), 'storage-ci.yml'), 'utf8');
  const tree = await treeOf(repository, { [JOB]: job, 'packages/README.md': PACKAGES_README });
  const root = await repository.writeCommit({ tree, parents: [], message: 'Start the storage\n' });
  const sample = await withSample(repository, tree);
  const title = `[${SAMPLE.layer}] Add ${SAMPLE.id.replace('@', '-')}`;
  const message = `${title}\n\nA sample, to be removed once there is something else.\n`;
  const first = await repository.writeCommit({ tree: sample, parents: [root], message });
  const moves = LAYERS.map((layer) => {
    return { ref: `refs/heads/${layer}`, from: undefined, to: layer === SAMPLE.layer ? first : root };
  });
  await repository.move(moves, 'init');
}

async function withSample(repository: Repository, root: string): Promise<string> {
  const packages = incomingPackages(SAMPLE.layer, { keepZip: false, limits: DEFAULT_LIMITS });
  try {
    const read = await packages.read(join(dirname(shippedConfig), 'storage', SAMPLE.path));
    if (read.kind === 'unfit') throw new Error(`the sample is damaged: ${read.finding.text}`);
    const held = await packages.write(repository, read.incoming);
    const edits = editsTo('packages', read.incoming.revision, held);
    return await editTree(repository, root, { edits, kept: 'packages' });
  } finally {
    await packages.close();
  }
}

/** Writes the files of the one branch that is checked out, and the index of git for them. */
async function makeMain(
  repository: Repository,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    makeFolder(dirname(join(folder, path)));
    await writeFile(join(folder, path), text);
  }
  const tree = await treeOf(repository, files);
  const commit = await repository.writeCommit({ tree, parents: [], message: 'Configure the distributions\n' });
  await repository.move([{ ref: 'refs/heads/main', from: undefined, to: commit }], 'init');
  await git(['-C', folder, 'read-tree', commit]);
}

async function treeOf(repository: Repository, files: Readonly<Record<string, string>>): Promise<string> {
  const entries = Object.entries(files);
  const ids = await repository.writeBlobs(
    entries.map(
      ([, text]) =>
        async () =>
          Buffer.from(text),
    ),
  );
  const written = entries.map(([path], i) => ({ path, node: { mode: FILE, id: ids[i] ?? '' } }));
  return await writeFolder(repository, written);
}
