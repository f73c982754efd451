import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { build as Build } from '../../src/commands/build/run.ts';
import { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import { folderFiles } from '../../src/hosts/fetch/folder-files.ts';
import { program, startServer, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { snapshots } from '../support/steps.ts';
import { hasNginx, startNginx } from './nginx-host.ts';

/*
 * Each host gives the answers of the new site at every step of a build that extends it or makes it anew, from the switch on, as a
 * kill at that step would leave it.
 */

const project = temporaryFolder();
const dist = join(project, 'dist');
const NAMES = Array.from({ length: 30 }, (_, i) => `pkg_${i}`);
const TARGETS = [
  '/search?all=true&prerelease=true',
  '/search',
  '/categories',
  '/package/pkg_3/1.1.0/',
  '/package/pkg_5/1.0.0/',
  '/package/pkg_5/1.0.0/docs/README.md',
  '/package/pkg_5/1.0.0/docs/more.md',
  '/epr/pkg_5/pkg_5-1.0.0.zip',
  '/package/pkg_7/1.0.0/',
  '/package/pkg_7/1.0.0/manifest.yml',
  '/epr/pkg_7/pkg_7-1.0.0.zip',
  '/favicon.ico',
];
/** The states of `dist` by how the site was changed. */
const states = new Map<'extended' | 'written', readonly string[]>();
const after = new Map<string, string>();

beforeAll(async () => {
  const lib = pathToFileURL(join(dirname(program), 'commands/build/run.js')).href;
  const { build } = (await import(lib)) as { build: typeof Build };
  const progress = { step: () => undefined, note: () => undefined, end: () => undefined, say: () => undefined };
  const run = async (noCache: boolean): Promise<void> => {
    const folders = { out: dist, cache: join(project, '.cache'), config: join(project, 'distributions.yml') };
    await build(
      { ...folders, dist: 'all', refs: {}, skipUnfit: false, offline: false, target: 'nginx', noCache },
      progress,
    );
  };
  const files = under('storage/main/packages', ...NAMES.map((name) => packageFiles(name, '1.0.0')));
  writeFiles(project, { 'distributions.yml': distributions('storage', ['main']), ...files });
  await run(false);
  cpSync(dist, join(project, 'old'), { recursive: true, preserveTimestamps: true });
  const more = { 'docs/more.md': 'more', 'docs/README.md': '# Other\n' };
  writeFiles(
    project,
    under('storage/main/packages', packageFiles('pkg_3', '1.1.0'), packageFiles('pkg_5', '1.0.0', more)),
  );
  rmSync(join(project, 'storage/main/packages/pkg_7'), { recursive: true });
  const isSwitched = (): boolean => existsSync(join(dist, 'all/.epr-static/journal.json'));
  for (const how of ['extended', 'written'] as const) {
    let step = 0;
    const isWanted = (): boolean => isSwitched() && step++ % (how === 'written' ? 2 : 16) === 1;
    const taken = await snapshots(dist, () => run(how === 'written'), isWanted, how);
    states.set(how, taken);
    after.set(how, `${dist}.${how}`);
    renameSync(dist, `${dist}.${how}`);
    cpSync(join(project, 'old'), dist, { recursive: true, preserveTimestamps: true });
  }
});

interface Host {
  ask(target: string): Promise<string>;
  stop(): Promise<void>;
}

/** Status and body. */
async function shown(response: Response): Promise<string> {
  return `${response.status} ${Buffer.from(await response.arrayBuffer()).toString('latin1')}`;
}

/** By a handler that remembers nothing of other requests. */
async function handleAnew(request: Request): Promise<Response> {
  return await fetchHandler(folderFiles(join(dist, 'all')), () => undefined)(request);
}

const HOSTS: Readonly<Record<string, () => Promise<Host>>> = {
  serve: async () => {
    const { url, stop } = await startServer(['--dir', join(dist, 'all')], { cwd: project });
    return { ask: async (target) => await shown(await fetch(`${url}${target}`)), stop };
  },
  'the fetch handler': async () => {
    return {
      ask: async (target) => await shown(await handleAnew(new Request(`http://any${target}`))),
      stop: async () => undefined,
    };
  },
  nginx: async () => {
    const { port, stop } = await startNginx(join(project, 'old/all.nginx'));
    return { ask: async (target) => await shown(await fetch(`http://127.0.0.1:${port}${target}`)), stop };
  },
};

describe.each(Object.keys(HOSTS))('%s', (name) => {
  test.skipIf(name === 'nginx' && !hasNginx()).each(['extended', 'written'] as const)(
    'while a site is %s',
    async (how) => {
      const host = await (HOSTS[name] as () => Promise<Host>)();
      const answers = async (folder: string): Promise<Record<string, string>> => {
        rmSync(join(dist, 'all'), { recursive: true, force: true });
        cpSync(join(folder, 'all'), join(dist, 'all'), { recursive: true, preserveTimestamps: true });
        const found: Record<string, string> = {};
        for (const target of TARGETS) found[target] = await host.ask(target);
        return found;
      };
      try {
        const old = await answers(join(project, 'old'));
        await new Promise((resolve) => setTimeout(resolve, 1100)); // a host may take a second to notice
        const fresh = await answers(after.get(how) ?? '');
        expect(fresh).not.toEqual(old);
        expect(states.get(how)?.length).toBeGreaterThan(3);
        for (const state of states.get(how) ?? []) expect(await answers(state)).toEqual(fresh);
      } finally {
        await host.stop();
      }
    },
  );
});

afterAll(() => {
  for (const folder of [...states.values()].flat()) rmSync(folder, { recursive: true, force: true });
});
