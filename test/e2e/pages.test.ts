import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listedIn, releaseOf, run, siteFaults, temporaryFolder } from '../support/cli.ts';
import { EVIL_PACKAGE } from '../support/evil-package.ts';
import { atomFaults, jsonFeedFaults } from '../support/feed-faults.ts';
import { createRepository, distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import type { Files, Repository } from '../support/repository.ts';

/* Pages for people, as builds write and extend them, of packages that mean harm too. */

const huge = packageFiles('huge', '1.0.0', {
  'docs/README.md': `${'word '.repeat(60_000)}\n\n${'A paragraph of some words.\n\n'.repeat(20_000)}`,
  'changelog.yml': 'not: [a, list',
});
const plain = (version: string): Files => packageFiles('plain', version, { 'docs/README.md': `# Plain ${version}\n` });

/** So many that a few more versions are little. */
const others = Array.from({ length: 40 }, (_, i) => packageFiles(`other_${i}`, '1.0.0'));

const root = temporaryFolder();
const site = join(root, 'dist/all');
let storage: Repository;

async function build(): Promise<{ status: number | null; report: { site?: { how: string; changes?: object } } }> {
  const { status, stdout } = await run(['build', '--dist', 'all', '--json'], { cwd: root });
  return { status, report: JSON.parse(stdout) as never };
}

function commit(...packages: Files[]): void {
  commitTo('main', packages);
}

function commitTo(branch: string, packages: readonly Files[]): void {
  storage.commit(branch, storage.treeOf(under('packages', ...packages)));
}

/** A package that requires another one. */
function requiring(name: string, required: string): Files {
  const manifest = String(packageFiles(name, '1.0.0')[`${name}/1.0.0/manifest.yml`]);
  const requires = `requires: { input: [{ package: ${required}, version: ^1.0.0 }] }\n`;
  return packageFiles(name, '1.0.0', { 'manifest.yml': manifest + requires });
}

/** A build that knows nothing of what was built before makes the same site. */
async function expectSameAnew(): Promise<void> {
  const { status } = await run(['build', '--dist', 'all', '--no-cache', '--out', 'anew'], { cwd: root });
  expect(status).toBe(0);
  expect(releaseOf(join(root, 'anew/all'))).toEqual(releaseOf(site));
}

function pages(): string[] {
  return readdirSync(join(site, '_browse'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.html'),
  );
}

function page(path: string): string {
  return readFileSync(join(site, '_browse', path), 'utf8');
}

beforeAll(async () => {
  writeFiles(root, { 'content/distributions.yml': distributions('../storage', ['main', 'lower'], "pages: 'true'") });
  storage = createRepository(join(root, 'storage'));
  commit(EVIL_PACKAGE, huge, plain('1.0.0'), ...others);
  commitTo('lower', [requiring('user_a', 'plain')]);
  expect((await build()).status).toBe(0);
});

describe('a build writes pages', () => {
  test('that are files of the site, and verify', async () => {
    expect(siteFaults(site)).toEqual([]);
    const listed = new Set(listedIn(site).map(({ path }) => path));
    for (const path of pages()) expect(listed).toContain(`_browse/${path}`);
    const { status, stdout } = await run(['verify', 'dist/all'], { cwd: root });
    expect(stdout).toContain('whole');
    expect(status).toBe(0);
  });

  test('each of at most 100 kB, also of a huge readme', () => {
    expect(pages()).toContain(join('huge', 'readme-2.html'));
    for (const path of pages()) expect(statSync(join(site, '_browse', path)).size, path).toBeLessThanOrEqual(100_000);
  });

  test('in which nothing of a package runs', () => {
    const own = pages().filter((path) => path.startsWith('evil'));
    expect(own.length).toBeGreaterThan(2);
    for (const path of [...own, 'index.html', 'about.html']) {
      const text = page(path).replace('<script src="browse.js" defer></script>', '');
      expect(text, path).not.toMatch(/<script|="javascript:|elsewhere\.example"/i);
      expect(text.replaceAll(/"[^"]*"/g, '""'), path).not.toMatch(/<[^>]*\son\w+\s*=/i);
      for (const [, address = ''] of text.matchAll(/(?:href|src)="([^"]*)"/g))
        expect(address, path).not.toMatch(/^[a-z]+:|^\/\//i);
    }
    expect(page('evil/index.html')).toContain('<img src="../../package/evil/1.0.0/img/logo.svg" alt=""');
  });

  test('with the day on which a version came', () => {
    expect(page('plain/index.html')).toMatch(/<time datetime="20\d\d-[^"]+">20\d\d-\d\d-\d\d<\/time>/);
  });
});

/** Those of the feeds of the site. */
function feedIds(): string[] {
  const { items } = JSON.parse(page('updates.json')) as { items: { id: string }[] };
  return items.map(({ id }) => id);
}

describe('a later build', () => {
  test('of the same commit changes nothing', async () => {
    expect((await build()).report.site?.how).toBe('unchanged');
  });

  test('writes the pages of the package that changed, and the list', async () => {
    commit(EVIL_PACKAGE, huge, plain('1.0.0'), plain('1.1.0'), ...others);
    const before = new Map(pages().map((path) => [path, statSync(join(site, '_browse', path)).ino]));
    const { report } = await build();
    const changed = pages().filter((path) => statSync(join(site, '_browse', path)).ino !== before.get(path));
    expect(changed.filter((path) => !path.startsWith('plain')).sort()).toEqual([
      'about.html',
      'index.html',
      'updates.html',
    ]);
    expect(page('plain/readme.html')).toContain('Plain 1.1.0');
    expect(report.site?.how).toBe('extended');
    await expectSameAnew();
  });

  test('says on the page of a package which others require it, also where it was kept', async () => {
    expect(page('plain/index.html')).toMatch(/Required by<\/dt>\s*<dd><a href="..\/user_a\/">user_a<\/a><\/dd>/);
    commitTo('lower', [requiring('user_a', 'other_1'), requiring('user_b', 'other_1')]);
    expect((await build()).report.site?.how).toBe('extended');
    expect(page('plain/index.html')).not.toContain('Required by');
    expect(page('other_1/index.html')).toContain('<a href="../user_a/">user_a</a>, <a href="../user_b/">user_b</a>');
    await expectSameAnew();
  });

  test('tells what came and went, and what waits, on pages and in feeds', async () => {
    const before = feedIds();
    commit(EVIL_PACKAGE, huge, plain('1.1.0'), requiring('user_b', 'other_1'), ...others);
    expect((await build()).report.site?.how).toBe('extended');
    const updates = page('updates.html')
      .replaceAll(/<[^>]*>|\s+/g, ' ')
      .replaceAll(/ +/g, ' ');
    expect(updates).toContain('New: user b 1.0.0');
    expect(updates).toContain('Gone: plain 1.0.0');
    expect(page('about.html')).toContain('The last update');
    expect(page('waiting.html')).toMatch(/1 version of 1 package\s+waits for main/);
    const feed = JSON.parse(page('updates.json')) as { items: { title: string }[] };
    expect(feed.items.map(({ title }) => title)).toContain('main: 1 new version, 1 version gone');
    expect(new Set(feedIds()).size).toBe(feed.items.length);
    expect(feedIds().filter((id) => before.includes(id)).length).toBeGreaterThan(1);
    expect([...atomFaults(page('updates.xml')), ...jsonFeedFaults(page('updates.json'))]).toEqual([]);
    expect(page('updates.xml').match(/<entry>/g)).toHaveLength(feed.items.length);
    await expectSameAnew();
    const { status } = await run(['verify', 'dist/all'], { cwd: root });
    expect(status).toBe(0);
  });
});

test('a history that can’t be read is told, and the site lacks its dates alone', async () => {
  const folder = temporaryFolder();
  const repository = createRepository(join(folder, 'storage'));
  const first = repository.commit('main', repository.treeOf(under('packages', plain('1.0.0'))));
  repository.commit('main', repository.treeOf(under('packages', plain('1.0.0'), plain('1.1.0'))));
  rmSync(join(folder, 'storage/objects', first.slice(0, 2), first.slice(2)));
  for (const [pagesAre, codes] of [
    ['true', ['history']],
    ['false', []],
  ] as const) {
    writeFiles(folder, {
      'content/distributions.yml': distributions('../storage', ['main'], `pages: ${pagesAre}`),
    });
    const { status, stdout } = await run(['build', '--dist', 'all', '--json'], { cwd: folder });
    expect(status).toBe(0);
    const { findings } = JSON.parse(stdout) as { findings: { code: string }[] };
    expect(findings.map(({ code }) => code)).toEqual(codes);
    expect(siteFaults(join(folder, 'dist/all'))).toEqual([]);
  }
});

describe('sites of the same contents name one digest of their answers, and one of all that differs with the pages', () => {
  const folder = temporaryFolder();
  const contents = under('packages', ...others, plain('1.0.0'), plain('1.1.0'));
  const digestsOf = async (storageName: string, pagesAre: string, ...args: string[]): Promise<Digests> => {
    writeFiles(folder, {
      'content/distributions.yml': distributions(`../${storageName}`, ['main'], `pages: ${pagesAre}`),
    });
    const { stdout } = await run(['build', '--dist', 'all', '--json', ...args], { cwd: folder });
    const { site: made } = JSON.parse(stdout) as { site: Digests & { how: string; folder: string } };
    expect(siteFaults(made.folder)).toEqual([]);
    const { manifest, tree } = releaseOf(made.folder);
    expect({ manifest: made.manifest, tree: made.tree }).toEqual({ manifest, tree });
    return { how: made.how, manifest, tree };
  };
  interface Digests {
    readonly how: string;
    readonly manifest: string;
    readonly tree: string | undefined;
  }
  let extended: Digests;

  beforeAll(async () => {
    const git = createRepository(join(folder, 'git'));
    git.commit('main', git.treeOf(under('packages', ...others, plain('1.0.0'))));
    expect(await digestsOf('git', 'true')).toMatchObject({ how: 'written' });
    git.commit('main', git.treeOf(contents));
    const once = createRepository(join(folder, 'once'));
    once.commit('main', once.treeOf(contents));
    writeFiles(join(folder, 'plain/main'), contents);
    extended = await digestsOf('git', 'true');
    expect(extended).toMatchObject({ how: 'extended', tree: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each([
    ['cold', ['--no-cache', '--out', 'cold']],
    ['warm', ['--out', 'warm']],
    ['unchanged', []],
    ['with a target', ['--target', 'nginx']],
    ['with another target, cold', ['--no-cache', '--out', 'cold-host', '--target', 'netlify']],
  ])('a build of the same commits: %s', async (_, args) => {
    const { manifest, tree } = await digestsOf('git', 'true', ...args);
    expect({ manifest, tree }).toEqual({ manifest: extended.manifest, tree: extended.tree });
  });

  test('another history, and none', async () => {
    const built = [
      await digestsOf('once', 'true', '--out', 'once-out'),
      await digestsOf('plain', 'true', '--out', 'plain-out'),
    ];
    expect(built.map(({ manifest }) => manifest)).toEqual([extended.manifest, extended.manifest]);
    expect(new Set([extended, ...built].map(({ tree }) => tree)).size).toBe(3);
  });

  test.each(['git', 'plain'])('without pages, from %s', async (name) => {
    const built = await digestsOf(name, 'false', '--out', `${name}-without`);
    expect(built).toEqual({ how: 'written', manifest: extended.manifest, tree: undefined });
  });
});
