import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Node } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { notEdgePlain } from '../support/edge-plain.ts';
import { CACHE_FOLDERS } from '../../src/cache-folders.ts';
import { circles, functionsOver, linesOf } from '../support/figures.ts';
import { danglingPointers } from '../support/pointers.ts';
import { dottedName, modulesOf, parseModule, REPOSITORY, sourceModules, textOf } from '../support/source.ts';
import type { Modules } from '../support/source.ts';

/*
 * The rules that ARCHITECTURE.md gives. Each is a function from modules to complaints: the program's own modules give
 * none, and made-up modules that break the rule give one.
 */

/** Each may import from those before it. */
const STAGES = [
  'tree',
  'core',
  'storage',
  'package',
  'catalog',
  'mirror',
  'pages',
  'build',
  'hosts',
  'bundle',
  'publish',
  'workflow',
  'subset',
  'inspect',
];
/** What the core knows of a site's form. */
const EDGE_PLAIN_TREE = new Set([
  'tree/byte-string.ts',
  'tree/layout.ts',
  'tree/file-list.ts',
  'tree/journal.ts',
  'tree/names.ts',
  'tree/store-form.ts',
]);
/** Top-level files whose types, but not values, an edge-plain file may have. */
const TYPES_ONLY = new Set(['config.ts']);
/** Top-level files that nothing below imports. */
const DOORS = ['cli.ts', 'report.ts'];

type Rule = (modules: Modules) => string[];

const direction: Rule = (modules) =>
  eachImport(modules, ({ file, target }) => {
    const [from, to] = [folderOf(file), folderOf(target)];
    if (isOutside(target)) return false;
    if (from === 'commands' && to === 'commands')
      return file.endsWith('/run.ts') && /\/(declare|report)\.ts$/.test(target);
    if (from === to) return false;
    if (to === 'config') return file !== 'config.ts';
    if (from === 'commands') return to === '' && target === 'cli.ts';
    if (file === 'cli.ts') return to !== 'commands';
    if (from === '') return to !== 'core';
    if (from === 'config' && to === 'core') return false;
    if (to === '') return DOORS.includes(target);
    return STAGES.indexOf(to) < 0 || STAGES.indexOf(to) > STAGES.indexOf(from);
  });

const edgeImports: Rule = (modules) =>
  eachImport(modules, ({ file, target, isType }) => {
    if (!isEdgePlain(file)) return false;
    return !isEdgePlain(target) && !(isType && TYPES_ONLY.has(target));
  });

const edgeSyntax: Rule = (modules) =>
  [...modules]
    .filter(([file]) => isEdgePlain(file))
    .flatMap(([file, module]) => notEdgePlain(module).map((fault) => `${file}:${fault}`));

/** But for a program of its own. */
const exits: Rule = (modules) =>
  uses(modules, 'cli.ts', /^process\.(exit|exitCode|abort|reallyExit)$/).filter((place) => !place.startsWith(RECEIVER));

const RECEIVER = 'bundle/apply/receiver.ts:';

/** But for the entry of a host, whose runtime keeps a log, and a program of its own. */
const prints: Rule = (modules) =>
  uses(modules, 'report.ts', /^(process\.(stdout|stderr)|console\.\w+)$/).filter(
    (place) =>
      !place.startsWith(RECEIVER) &&
      !/^hosts\/(netlify\/functions\/registry|cloudflare\/(store-)?worker|lambda\/lambda)\.ts:.*console\.error/.test(
        place,
      ),
  );

/** `process` is the global, so that the two rules above see each use of it. */
const importedProcess: Rule = (modules) =>
  eachImport(modules, ({ target }) => ['process', 'node:process', 'console', 'node:console'].includes(target));

/** But for the entry of a host, which looks for a default export. */
const defaultExports: Rule = (modules) =>
  eachNode(modules, ({ file, node }) => {
    if (/^hosts\/(nginx\/njs\/registry|netlify\/functions\/registry|cloudflare\/(store-)?worker)\.ts$/.test(file))
      return false;
    return node.type === 'ExportDefaultDeclaration' || (node.type === 'ExportSpecifier' && isDefault(node.exported));
  });

/** Imports of types count: files that go in a circle can only be understood together. */
const noCircles: Rule = (modules) => circles(modules).map((circle) => circle.join(' '));

/** Only `tree/` spells the paths of a site. */
const sitePaths: Rule = (modules) =>
  eachNode(modules, ({ file, node }) => {
    if (file.startsWith('tree/')) return false;
    return /_registry|^(package|epr)\/[\w.-]*$/.test(spelled(node));
  });

/** Node's own recursive `mkdir` may never end (`tree/make-folder.ts`). The folders of a patch lie beside or in one that is there. */
const foldersMade: Rule = (modules) =>
  eachNode(modules, ({ file, node }) => {
    if (file === 'tree/commit/patch.ts' || node.type !== 'CallExpression' || node.arguments.length < 2) return false;
    return /(^|\.)mkdir(Sync)?$/.test(dottedName(node.callee));
  });

const longFiles: Rule = (modules) =>
  [...modules].filter(([, module]) => linesOf(module) > 350).map(([file]) => `${file} has more than 350 lines`);

const longFunctions: Rule = (modules) =>
  [...modules].flatMap(([file, module]) => functionsOver(50, module).map((found) => `${file}:${found}`));

const missingFiles: Rule = (modules) => eachImport(modules, ({ target }) => !isOutside(target) && !modules.has(target));

const rules = {
  direction,
  edgeImports,
  edgeSyntax,
  exits,
  prints,
  importedProcess,
  defaultExports,
  noCircles,
  sitePaths,
  foldersMade,
  longFiles,
  longFunctions,
  missingFiles,
};

const broken: readonly [string, Rule, Readonly<Record<string, string>>][] = [
  ['a stage imports from its right', direction, { 'storage/a.ts': "import type { B } from '../build/b.ts';" }],
  ['a stage imports a command', direction, { 'build/a.ts': "export { b } from '../commands/b/run.ts';" }],
  ['a stage imports the reporter', direction, { 'build/a.ts': "import { say } from '../report.ts';" }],
  ['a top-level file imports a stage', direction, { 'config.ts': "import { b } from './storage/b.ts';" }],
  ['a part of the config past its door', direction, { 'build/a.ts': "import { b } from '../config/b.ts';" }],
  ['a command prints', direction, { 'commands/a/run.ts': "import { b } from './report.ts';" }],
  ['a folder that no one knows', direction, { 'build/a.ts': "import { b } from '../utils/b.ts';" }],
  ['the core has a value of a storage', edgeImports, { 'core/a.ts': "import { b } from '../storage/b.ts';" }],
  ['an inline type import still runs', edgeImports, { 'core/a.ts': "import { type B } from '../config.ts';" }],
  ['the edge core imports its host', edgeImports, { 'core/a.ts': "import { b } from '../hosts/node/server.ts';" }],
  ['the edge core imports Node', edgeImports, { 'core/route.ts': "import { join } from 'node:path';" }],
  ['a package at the edge', edgeImports, { 'core/a.ts': "const b = await import('semver');" }],
  ['a value of the config at the edge', edgeImports, { 'core/version.ts': "import { b } from '../config.ts';" }],
  ['new syntax at the edge', edgeSyntax, { 'core/constraint.ts': 'for (const a of b) c();' }],
  ['an exit', exits, { 'build/a.ts': 'process.exit(1);' }],
  ['an exit by another spelling', exits, { 'build/a.ts': "process['exit'](1);" }],
  ['an exit status', exits, { 'report.ts': 'process.exitCode = 1;' }],
  ['a print', prints, { 'cli.ts': "process.stdout.write('a');" }],
  ['a log', prints, { 'build/a.ts': "console.warn('a');" }],
  ['a default export', defaultExports, { 'build/a.ts': 'export default function a() {}' }],
  ['a default export of the edge core', defaultExports, { 'core/respond.ts': 'export default {};' }],
  ['a renamed default export', defaultExports, { 'build/a.ts': 'export { a as default };' }],
  ['an import of process', importedProcess, { 'build/a.ts': "import { exit } from 'node:process';" }],
  ['a circle', noCircles, { 'a.ts': "import { b } from './b.ts';", 'b.ts': "export * from './a.ts';" }],
  ['a circle of types', noCircles, { 'a.ts': "import type { B } from './b.ts';", 'b.ts': "import './a.ts';" }],
  ['a generated path', sitePaths, { 'build/a.ts': 'const a = `${b}/_registry/c.json`;' }],
  ['a pattern of generated paths', sitePaths, { 'build/a.ts': String.raw`/^_registry\//.test(a)` }],
  ['the path of a package', sitePaths, { 'build/a.ts': 'const a = `package/${b}/${c}`;' }],
  ['the path of a zip', sitePaths, { 'build/a.ts': "const a = 'epr/' + b;" }],
  ['a recursive mkdir', foldersMade, { 'build/a.ts': 'await mkdir(a, { recursive: true });' }],
  ['a long file', longFiles, { 'build/a.ts': 'a();\n'.repeat(351) }],
  ['a long function', longFunctions, { 'build/a.ts': `const a = () => {${'\n'.repeat(50)}};` }],
  ['a file that is not there', missingFiles, { 'a.ts': "import { b } from './b.ts';" }],
];

describe('the program', () => {
  const modules = sourceModules();
  test.each(Object.entries(rules))('keeps the rule %s', (_, rule) => {
    expect(rule(modules)).toEqual([]);
  });

  test('is read whole', () => {
    expect(modules.size).toBeGreaterThan(50);
    for (const file of ['core/respond.ts', ...DOORS]) expect(modules.has(file), file).toBe(true);
    const own = 'commands/build/run.ts';
    expect(modules.get('commands/build/report.ts')?.imports).toContainEqual({ target: own, isType: true });
    expect(modules.get('commands/build/declare.ts')?.imports).toContainEqual({ target: own, isType: false });
  });
});

test('ARCHITECTURE.md says what is in each folder of the cache', () => {
  const text =
    readFileSync(`${REPOSITORY}ARCHITECTURE.md`, 'utf8').split('\n## The cache\n')[1]?.split('\n## ')[0] ?? '';
  const named = [...text.matchAll(/^\| (`\w+\/`(?:, `\w+\/`)*) \|/gm)].flatMap(([, names = '']) => names.match(/\w+/g));
  expect(named.toSorted()).toEqual(Object.keys(CACHE_FOLDERS).sort());
});

describe('comments and docs point at', () => {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: REPOSITORY,
  })
    .toString()
    .split('\0');

  test('what a clone has', () => {
    const texts = files
      .filter((file) => /^(src|scripts|test\/\w+)\/[^]*\.ts$|^(docs\/[^]*|[^/]+)\.md$/.test(file))
      .map((file): [string, string] => [file, readFileSync(REPOSITORY + file, 'utf8')]);
    expect(texts.length).toBeGreaterThan(200);
    expect(danglingPointers(texts, files)).toEqual([]);
  });

  test.each([
    ['a.ts', '// as rules.md says', 'rules.md'],
    ['a.ts', '/* see `docs/none.md` */', 'docs/none.md'],
    ['a.ts', '/** As in src/none/. */', 'src/none'],
    ['a.ts', '// like none.ts', 'none.ts'],
    ['a.ts', '// the bundle of ../shared', '../shared'],
    ['README.md', 'Read [this](docs/none.md).', 'docs/none.md'],
    ['ARCHITECTURE.md', '`src/none/b.ts`', 'src/none/b.ts'],
  ])('%s: %s', (file, text, pointer) => {
    expect(danglingPointers([[file, text]], ['a.ts', 'src/b.ts', 'docs/some.md'])).toEqual([`${file}: ${pointer}`]);
  });

  test.each([
    ['a.ts', '// see b.ts, `src/b.ts` and docs/some.md; a.map, i.e. nothing'],
    ['a.ts', "const a = 'src/none.ts, none.md';"],
    ['README.md', '`src/` has `src/*.ts`, `src/<verb>/run.ts`; read [this](docs/some.md#part).'],
  ])('nothing else: %s: %s', (file, text) => {
    expect(danglingPointers([[file, text]], ['a.ts', 'src/b.ts', 'docs/some.md'])).toEqual([]);
  });
});

describe('a rule complains of', () => {
  test.each(broken)('%s', (_, rule, files) => {
    expect(rule(modulesOf(files)).length).toBeGreaterThan(0);
  });
});

describe('a type-only import', () => {
  test.each([
    ["import type { A } from '../storage/a.ts';", true],
    ["export type { A } from '../storage/a.ts';", true],
    ["import { type A } from '../storage/a.ts';", false],
    ["import type from '../storage/a.ts';", false],
    ["import '../storage/a.ts';", false],
    ["export * from '../storage/a.ts';", false],
  ])('%s', (source, isType) => {
    expect(modulesOf({ 'build/a.ts': source }).get('build/a.ts')?.imports).toEqual([
      { target: 'storage/a.ts', isType },
    ]);
  });

  test.each(["const text = 'import x'", '// import x', 'const a = import.meta.url;', 'export { a };', 'a.import("b")'])(
    '%s is no import',
    (source) => {
      expect(modulesOf({ 'a.ts': source }).get('a.ts')?.imports).toEqual([]);
    },
  );
});

describe('edge-plain syntax', () => {
  test.each([
    ['for…of', 'for (const a of b) c();'],
    ['for…of', 'for (a of b) c();'],
    ['spread', 'f(...a)'],
    ['spread', 'const a = { ...b };'],
    ['spread', 'function f(...a: string[]) {}'],
    ['destructuring', 'const { a } = b;'],
    ['destructuring', 'let [a] = b;'],
    ['destructuring', 'for (const [a] in b) c();'],
    ['destructuring', 'function f({ a }: B) {}'],
    ['destructuring', 'const f = (a: A, [b]: B): C => a;'],
    ['destructuring', 'f(({ a }) => a);'],
    ['destructuring', 'a(); [b, c] = [c, b];'],
    ['destructuring', '({ a } = b);'],
    ['default parameter', 'function f(a = 1) {}'],
    ['default parameter', 'const f = (a: string, b = 2): string => a;'],
    ['default parameter', 'const o = { f(a = 1) {} };'],
    ['optional chaining', 'a?.b'],
    ['optional chaining', 'const a = `${b?.c}`;'],
    ['logical assignment', 'a ??= b'],
    ['class', 'class A {}'],
    ['Map', 'new Map()'],
    ['Set', 'const a: Set<string> = b;'],
    ['URL', 'new URL(a)'],
    ['URLSearchParams', 'new URLSearchParams(a)'],
    ['BigInt', 'BigInt(1)'],
    ['bigint', 'a + 1n'],
    ['regex lookbehind or named group', '/(?<=a)b/.test(c)'],
    ['regex lookbehind or named group', '/(?<name>a)/.test(c)'],
    ['regex flags s', '/a/s.test(b)'],
    ['regex flags gu', 'const f = () => /a/gu;'],
    ['regex flags y', 'f(/[/]/y)'],
    ['accessor', 'const a = { get b() { return 1; } };'],
    ['generator', 'function* a() {}'],
    ['yield', 'function* a() { yield a; }'],
    ['async', 'async function a() {}'],
    ['await', 'await a;'],
    ['.flatMap()', 'a.flatMap(b)'],
    ['.hasOwn()', 'Object.hasOwn(a, b)'],
    ['process', 'process.cwd()'],
  ])('%s: %s', (fault, source) => {
    expect(notEdgePlain(parseModule('a.ts', source))).toContain(`1: ${fault}`);
  });

  test.each([
    'for (let i = of.length - 1; i >= 0; i--) a(of[i]);',
    'for (const key in object) a(key);',
    "const a = 'class'; // for (const a of b)",
    'const a = `class ${b.map((c) => `new Map ${c}`).join()} ?.`;',
    'const a = b ? .5 : c;',
    'const a: readonly [string, number][] = [];',
    'const f = (a: { b: string }): { c: number } | undefined => undefined;',
    'if (a[0] === 1) a[0] = 2;',
    'a.get(b); a.set; a.class; const o = { class: 1, async: 2 };',
    'const half = a / 2 / b; /a[/]b/i.test(c);',
    'const a = { b: (c = d) };',
    '/* a?.b */ type A = (b: string) => void;',
    'const n = 0x1f + 1e5 + 0.5;',
  ])('takes %s', (source) => {
    expect(notEdgePlain(parseModule('a.ts', source))).toEqual([]);
  });
});

interface Edge {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

function eachImport(modules: Modules, isFault: (edge: Edge) => boolean): string[] {
  return [...modules].flatMap(([file, { imports }]) =>
    imports.filter((one) => isFault({ file, ...one })).map(({ target }) => `${file} imports ${target}`),
  );
}

function eachNode(modules: Modules, isFault: (at: { file: string; node: Node }) => boolean): string[] {
  return [...modules].flatMap(([file, { places, text }]) =>
    places
      .filter(({ node }) => isFault({ file, node }))
      .map(({ node, line }) => `${file}:${line}: ${text.slice(node.start, node.end)}`),
  );
}

/** Where a name is used by another file than the one that may. */
function uses(modules: Modules, owner: string, name: RegExp): string[] {
  return eachNode(modules, ({ file, node }) => file !== owner && name.test(dottedName(node)));
}

/** What a text, a piece of a template or a pattern holds; '' for all else. */
function spelled(node: Node): string {
  if (node.type === 'TemplateElement') return node.value.raw;
  if (node.type === 'Literal' && 'regex' in node) return node.regex.pattern;
  return textOf(node) ?? '';
}

function isDefault(name: Node): boolean {
  return name.type === 'Identifier' && name.name === 'default';
}

function isEdgePlain(file: string): boolean {
  return file.startsWith('core/') || EDGE_PLAIN_TREE.has(file);
}

function isOutside(target: string): boolean {
  return !target.endsWith('.ts');
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}
