import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/bench-servers.ts';
import { run, temporaryFolder } from '../support/cli.ts';
import type { Response } from '../support/compare.ts';
import { httpClient } from '../support/implementations.ts';
import { distributions, packageFiles, writeFiles } from '../support/repository.ts';
import { writeHostFolder } from './host-folder.ts';
import { hasNginx, listening, testNginx } from './nginx-host.ts';

/*
 * What an operator does with a site for nginx: builds it with options, bundles it, unpacks it elsewhere and over an older one.
 */

const isHere = hasNginx();

/** A storage of one package, whose texts hold `word`. */
function writeStorage(home: string, word: string): void {
  const readme = `# The ${word} package\n${'What Kibana shows.\n'.repeat(100)}`;
  const files = packageFiles('pkg', '1.0.0', { 'docs/README.md': readme, 'docs/a.txt': `${word} `.repeat(300) });
  const manifest = 'pkg/1.0.0/manifest.yml';
  const described = String(files[manifest]).replace('Made for a test.', `A ${word} package, made for a test.`);
  writeFiles(home, { 'content/distributions.yml': distributions('../storage', ['main']) });
  rmSync(join(home, 'storage'), { recursive: true, force: true });
  writeFiles(join(home, 'storage/main/packages'), { ...files, [manifest]: described });
}

/** A build of such a storage for nginx. */
async function built(home: string, word: string, ...options: string[]): Promise<void> {
  writeStorage(home, word);
  const done = await run(['build', '--dist', 'all', '--target', 'nginx', ...options], { cwd: home });
  expect(done).toMatchObject({ status: 0 });
}

interface Look {
  ask(target: string, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

/** Looks at an unpacked bundle as the documents say. Only root must say who the workers are. */
async function look(folder: string, port: number): Promise<Look> {
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];
  const child = spawn('nginx', ['-p', folder, '-c', 'all.nginx/standalone.conf', ...user], { stdio: 'ignore' });
  await listening(child, port);
  const client = httpClient(`http://127.0.0.1:${port}`);
  return {
    ask: async (target, headers = {}) => await client.ask('GET', target, headers),
    stop: async () => {
      client.close();
      const end = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await end;
    },
  };
}

const targets = [
  '/search',
  '/search?all=true',
  '/package/pkg/1.0.0/',
  '/package/pkg/1.0.0/docs/README.md',
  '/package/pkg/1.0.0/docs/a.txt',
  '/package/pkg/1.0.0/manifest.yml',
  '/epr/pkg/pkg-1.0.0.zip',
];
const questions = targets.flatMap((target) =>
  ['', 'gzip', 'br'].map((accept) => [target, accept === '' ? {} : { 'Accept-Encoding': accept }] as const),
);

describe.skipIf(!isHere).each([
  ['tar.gz', 'tar xzf all.tar.gz'],
  ['zip', 'unzip -qo all.zip'],
])('a %s that is unpacked over an older one', (format, open) => {
  const home = temporaryFolder();
  const away = join(home, 'away');
  let port: number;
  const arrive = async (word: string): Promise<Look> => {
    await built(home, word, '--port', String(port), '--root', '/srv/registry');
    expect(await run(['bundle', '--dist', 'all', '--format', format], { cwd: home })).toMatchObject({ status: 0 });
    mkdirSync(away, { recursive: true });
    cpSync(join(home, `dist/all.${format}`), join(away, `all.${format}`));
    execFileSync('sh', ['-c', open], { cwd: away });
    return await look(away, port);
  };
  beforeAll(async () => {
    port = await freePort();
  });

  test('is answered without an edit, and never with 304 for what has changed', async () => {
    const first = await arrive('wordx');
    const before = await Promise.all(questions.map(([target, headers]) => first.ask(target, headers)));
    const again = await Promise.all(
      questions.map(([target, headers], i) => first.ask(target, asking(headers, before[i]))),
    );
    await first.stop();
    expect(again.map(({ status }) => status)).toEqual(questions.map(() => 304));
    const second = await arrive('wordy');
    const after = await Promise.all(
      questions.map(([target, headers], i) => second.ask(target, asking(headers, before[i]))),
    );
    await second.stop();
    for (const [i, { status, body }] of after.entries())
      expect([questions[i], status, body.equals((before[i] as Response).body)]).toEqual([questions[i], 200, false]);
    // Of equal length, so that only the time can tell them apart; some compressed forms differ by a byte.
    expect(after.filter(({ body }, i) => body.length === before[i]?.body.length).length).toBeGreaterThan(18);
  });
});

function asking(headers: Record<string, string>, before: Response | undefined): Record<string, string> {
  return { ...headers, 'If-None-Match': before?.headers['etag'] ?? '' };
}

describe.skipIf(!isHere)('the options of a build for nginx', () => {
  test('only the maps and the columns differ from build to build', async () => {
    const home = temporaryFolder();
    const texts = (): Record<string, string> =>
      Object.fromEntries(
        readdirSync(join(home, 'dist/all.nginx')).map((name) => [
          name,
          readFileSync(join(home, 'dist/all.nginx', name), 'utf8'),
        ]),
      );
    await built(home, 'green');
    const before = texts();
    await built(home, 'black');
    const after = texts();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed.sort()).toEqual(['.epr-static.json', 'columns.json', 'maps.conf']);
  });

  test('--prefix, --port and --root', async () => {
    const home = temporaryFolder();
    const port = await freePort();
    await built(home, 'green', '--prefix', '/a.b/epr/', '--port', String(port));
    const nginx = await look(join(home, 'dist'), port);
    const statuses = await Promise.all(
      [
        '/a.b/epr/search',
        '/a.b/epr/package/pkg/1.0.0/',
        '/a.b/epr/search?all=true',
        '/search',
        '/',
        '/axb/epr/search',
      ].map(async (target) => (await nginx.ask(target)).status),
    );
    await nginx.stop();
    expect(statuses).toEqual([200, 200, 200, 404, 404, 404]);
    await built(home, 'green', '--root', '/srv/registry/');
    for (const name of ['nginx.conf', 'registry.conf', 'sub-path.conf', 'tls.conf', 'standalone.conf']) {
      const text = readFileSync(join(home, 'dist/all.nginx', name), 'utf8');
      expect([name, text.includes(home), text.includes('/srv/registry/all')]).toEqual([
        name,
        false,
        name !== 'standalone.conf',
      ]);
    }
  });

  test.each([
    [['--prefix', 'epr'], 'A path is /epr'],
    [['--prefix', '/a/../b'], 'A path is /epr'],
    [['--prefix', '/a b'], 'A path is /epr'],
    [['--port', '0'], 'port from 1 to 65535'],
    [['--root', 'srv'], 'absolute'],
    [['--root', '/srv/a$b'], 'has "$" in it'],
  ])('%j is refused', async (options, text) => {
    const home = temporaryFolder();
    writeStorage(home, 'green');
    const failed = await run(['build', '--dist', 'all', '--target', 'nginx', ...options], { cwd: home });
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringContaining(text) });
  });

  test('they need --target nginx', async () => {
    const home = temporaryFolder();
    writeStorage(home, 'green');
    const failed = await run(['build', '--dist', 'all', '--prefix', '/epr'], { cwd: home });
    expect(failed).toMatchObject({ status: 2, stderr: expect.stringContaining('--target nginx') });
  });
});

describe.skipIf(!isHere)('folders with odd names', () => {
  const work = mkdtempSync(join(tmpdir(), 'epr-static-odd-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  const home = temporaryFolder();
  const write = async (folder: string): Promise<string> => {
    mkdirSync(folder, { recursive: true });
    const hostFolder = join(folder, 'all.nginx');
    await writeHostFolder('nginx', { folder: join(home, 'dist/all'), hostFolder, name: 'all' });
    return hostFolder;
  };
  beforeAll(async () => await built(home, 'green'));

  test.each(['a b', 'a"b', 'a;b', 'a{b', 'a}b', '#a', 'a[b]', 'a*?', 'é', '%s'])('nginx takes %j', async (name) => {
    const hostFolder = await write(join(work, name));
    const below = `server { listen unix:${work}/below; include "${hostFolder.replaceAll(/["\\]/g, '\\$&').replaceAll(/[*?[]/g, '\\\\$&')}/sub-path.conf"; }`;
    expect(testNginx(hostFolder, below)).toMatchObject({ isGood: true });
  });

  test.each(["a'b", 'a$b', 'a\\b', 'a\nb'])('%j is refused by name', async (name) => {
    await expect(write(join(work, name))).rejects.toThrow("which a configuration of nginx can't hold");
  });
});
