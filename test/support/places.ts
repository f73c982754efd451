import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { openStore } from '../../src/publish/open-store.ts';
import type { Store } from '../../src/publish/store.ts';
import type { PublishReport } from '../../src/commands/publish/run.ts';
import { run, temporaryFolder } from './cli.ts';
import { distributions, packageFiles, under, writeFiles } from './repository.ts';
import { BUCKET, hasVersitygw, startVersitygw } from './versitygw.ts';
import type { ObjectStore } from './versitygw.ts';

/* Sites to publish, and the kinds of stores: a folder, and a bucket of a real object store where that is installed. */

/** Where all of a test file lies. */
export const home = temporaryFolder();
/** Three builds of one distribution: another README, another package. */
export const sites = { one: join(home, 'one/all'), two: join(home, 'two/all'), three: join(home, 'three/all') };

/** Builds the sites before the tests of a file. */
export function buildSites(): void {
  beforeAll(async () => {
    const files = packageFiles('acme', '1.0.0', { 'docs/README.md': 'one '.repeat(99) });
    const more = { 'acme/1.0.0/docs/README.md': 'two' };
    const states = { one: files, two: { ...files, ...more }, three: { ...files, ...packageFiles('more', '1.0.0') } };
    for (const [name, state] of Object.entries(states)) {
      rmSync(join(home, 'storage'), { recursive: true, force: true });
      writeFiles(home, {
        'content/distributions.yml': distributions('../storage', ['main']),
        ...under('storage/main/packages', state, packageFiles('other', '2.0.0')),
      });
      const built = await run(['build', '--dist', 'all', '--out', name], { cwd: home });
      expect(built, built.stderr).toMatchObject({ status: 0 });
    }
  });
}

/** A place of which nothing was heard yet. */
export interface Place {
  readonly url: string;
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A store at the same place, in this process. */
  store(): Promise<Store>;
}

export type PlaceOf = (name: string) => Place;

/** The kinds of stores. The object store runs during the tests of the file. */
export function storeKinds(): [kind: string, placeOf: PlaceOf][] {
  const kinds: [string, PlaceOf][] = [['folder', folderPlace]];
  if (!hasVersitygw()) return kinds;
  let bucket: ObjectStore | undefined;
  beforeAll(async () => {
    bucket = await startVersitygw();
    Object.assign(process.env, bucket.env);
  });
  afterAll(() => bucket?.stop());
  return [...kinds, ['bucket', (name) => bucketPlace(bucket, name)]];
}

export function folderPlace(name: string): Place {
  const url = join(home, 'stores', name);
  return { url, options: [], env: {}, store: () => openStore(url, {}, () => undefined) };
}

function bucketPlace(bucket: ObjectStore | undefined, name: string): Place {
  const [url, endpoint] = [`s3://${BUCKET}/${name}`, bucket?.endpoint ?? ''];
  const store = (): Promise<Store> => openStore(url, { endpoint }, () => undefined);
  return { url, options: ['--endpoint', endpoint], env: bucket?.env ?? {}, store };
}

/** Runs a command over a store; its report. */
export async function ask<Report>(place: Place, verb: string, ...more: string[]): Promise<Report> {
  const ended = await run([verb, '--json', ...place.options, ...more], { cwd: home, env: place.env });
  expect(ended, ended.stderr + ended.stdout).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ended.stdout) as Report;
}

export async function publish(place: Place, site: keyof typeof sites, ...more: string[]): Promise<PublishReport> {
  return await ask(place, 'publish', '--dir', sites[site], '--to', place.url, ...more);
}
