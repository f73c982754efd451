import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cleanEnvironment, temporaryFolder } from '../support/cli.ts';
import { REPOSITORY } from '../support/source.ts';

/* The npm package, as `npm pack` makes it, in an empty folder where nothing else is installed but what it depends on. */

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
  readonly publishConfig: unknown;
}

const manifest = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as Manifest;
const root = temporaryFolder();
const modules = join(root, 'node_modules');
const program = join(modules, '.bin/epr-static');
const env = {
  ...cleanEnvironment(),
  HOME: root,
  npm_config_cache: join(root, '.npm'),
  npm_config_update_notifier: 'false',
  ...user(),
};
let files: readonly string[];

beforeAll(() => {
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', root];
  const [packed] = JSON.parse(execFileSync('npm', packing, { cwd: REPOSITORY, env, encoding: 'utf8' })) as {
    filename: string;
    files: { path: string }[];
  }[];
  files = packed?.files.map(({ path }) => path) ?? [];
  mkdirSync(join(modules, 'epr-static'), { recursive: true });
  const unpacking = ['--strip-components=1', '-C', join(modules, 'epr-static')];
  execFileSync('tar', ['-xzf', join(root, packed?.filename ?? ''), ...unpacking]);
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) link(name);
  mkdirSync(dirname(program));
  symlinkSync('../epr-static/lib/cli.js', program);
  chmodSync(join(modules, 'epr-static/lib/cli.js'), 0o755);
});

/** A dependency, as npm would install it: with its own dependencies where they lie. */
function link(name: string): void {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name));
}

function user(): Record<string, string> {
  return { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' };
}

const run = (args: readonly string[], cwd = root): string =>
  execFileSync(program, args, { cwd, env, encoding: 'utf8' });

const npx = (...args: readonly string[]): string =>
  execFileSync('npx', ['--no-install', 'epr-static', ...args], { cwd: root, env, encoding: 'utf8' });

test('it holds what it needs, and nothing else', () => {
  const tops = new Set(files.map((path) => path.replace(/\/.*/, '/')));
  expect([...tops].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'content/',
    'docs/',
    'lib/',
    'package.json',
  ]);
  expect(files.filter((path) => /^lib\/scripts\/|tsbuildinfo|\.test\./.test(path))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['lib/cli.js', 'lib/bundle/apply.mjs', 'content/storage-ci.yml']));
});

test('it can be published with its provenance', () => {
  expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
});

describe('from nothing', () => {
  const storage = join(root, 'registry');

  test('npx finds it, and its next commands say npx', () => {
    expect(npx('--version')).toMatch(/^epr-static \d+\.\d+\.\d+/);
    expect(npx('init', 'registry')).toContain('npx epr-static build --dist snapshot');
  });

  test('a storage becomes a site, a bundle, and the site again', () => {
    expect(run(['build', '--dist', 'snapshot'], storage)).toContain('built ');
    expect(run(['list', '--dist', 'snapshot'], storage)).toContain('spool_reader');
    expect(run(['check', '--layer', 'snapshot'], storage)).toContain('0 errors');
    run(['bundle', '--dist', 'snapshot', '--file', 'snapshot.tar'], storage);
    run(['apply', 'snapshot.tar', '--to', 'applied'], storage);
    const digest = (folder: string): string => readFileSync(join(storage, folder, '_registry/release.json'), 'utf8');
    expect(digest('applied')).toBe(digest('dist/snapshot'));
    expect(run(['verify', 'applied'], storage)).toContain('applied');
    expect(run(['completion', 'bash'])).toContain('epr-static');
  });

  test('it serves', async () => {
    const server = spawn(program, ['serve', '--dist', 'snapshot', '--port', '0'], { cwd: storage, env });
    const [greeting] = (await once(server.stdout, 'data')) as [Buffer];
    const url = / at (http:\S+)/.exec(String(greeting))?.[1];
    expect(await (await fetch(`${url}/search`)).json()).toHaveLength(1);
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });
});

describe('types', () => {
  const entries = Object.entries(manifest.exports).flatMap(([entry, { default: file }]) =>
    file === undefined ? [] : [{ name: `epr-static${entry.slice(1)}`, file }],
  );

  test.each([
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])('each export has its types, with modules as %s and resolution as %s', async (module, moduleResolution) => {
    const uses: string[] = [];
    for (const [i, { name, file }] of entries.entries()) {
      const exported = Object.keys((await import(join(modules, 'epr-static', file))) as object);
      uses.push(`import { ${exported.map((one) => `${one} as ${one}${i}`).join(', ')} } from '${name}';`);
      for (const one of exported) uses.push(`export const its${one}${i}: typeof ${one}${i} = ${one}${i};`);
    }
    writeFileSync(join(root, 'use.mts'), `${uses.join('\n')}\n`);
    const environment = { target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'] };
    const compilerOptions = { module, moduleResolution, strict: true, noEmit: true, skipLibCheck: false };
    const config = { compilerOptions: { ...environment, ...compilerOptions }, files: ['use.mts'] };
    writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(config));
    expect(compile()).toBe('');
  });
});

/** What the compiler says. */
function compile(): string {
  const compiler = join(REPOSITORY, 'node_modules/.bin/tsc');
  return String(spawnSync(compiler, ['-p', root], { cwd: root }).stdout);
}
