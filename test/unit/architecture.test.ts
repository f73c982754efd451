import { describe, expect, test } from 'vitest';
import { notEdgePlain } from '../support/edge-plain.ts';
import { modulesOf, sourceModules, tokenize } from '../support/source.ts';
import type { Module, Modules } from '../support/source.ts';

/*
 * The rules of direction of design.md section 2. Each rule is a function from modules to complaints: the program's own
 * modules give none, and made-up ones that break the rule give one.
 */

/** Each may import from those before it. */
const STAGES = ['tree', 'core', 'storage', 'package', 'catalog', 'build', 'hosts', 'workflow', 'inspect'];
/** What the core knows of a site's form. */
const EDGE_PLAIN_TREE = new Set(['tree/layout.ts', 'tree/file-list.ts', 'tree/names.ts']);
/** Top-level files whose types, but not values, an edge-plain file may have. */
const TYPES_ONLY = new Set(['config.ts']);
/** Top-level files that nothing below imports. */
const DOORS = ['cli.ts', 'report.ts'];

type Rule = (modules: Modules) => string[];

const direction: Rule = (modules) =>
  eachImport(modules, ({ file, target, isType }) => {
    const [from, to] = [folderOf(file), folderOf(target)];
    if (isOutside(target)) return false;
    if (from === 'commands' && to === 'commands')
      return file.endsWith('/run.ts') && /\/(declare|report)\.ts$/.test(target);
    if (from === to) return false;
    if (from === 'commands') return to === '' && target === 'cli.ts';
    if (file === 'cli.ts') return to !== 'commands';
    if (from === '') return to !== 'core' && !(isType && file === 'report.ts' && to === 'commands');
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
    .flatMap(([file, { tokens }]) => notEdgePlain(tokens).map((fault) => `${file}:${fault}`));

const exits: Rule = (modules) =>
  mentions(modules, /process\.(exit|exitCode|abort|reallyExit)/).filter((place) => !place.startsWith('cli.ts:'));

const prints: Rule = (modules) =>
  mentions(modules, /process\.(stdout|stderr)|console\.\w+/).filter((place) => !place.startsWith('report.ts:'));

/** But for the entry of an edge host, which finds it by that name. */
const defaultExports: Rule = (modules) =>
  mentions(modules, /export\.default|as\.default/).filter(
    (place) => !/^hosts\/(nginx\/njs\/registry|netlify\/functions\/registry|cloudflare\/worker)\.ts:/.test(place),
  );

/** Of what runs: imports of types are erased, so they can't go round in circles. */
const cycles: Rule = (modules) => {
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(' -> ')];
    if (finished.has(file)) return [];
    const next = (modules.get(file)?.imports ?? []).filter(({ isType }) => !isType);
    const found = next.flatMap(({ target }) => visit(target, [...path, file]));
    finished.add(file);
    return found;
  };
  return [...modules.keys()].flatMap((file) => visit(file, []));
};

const missingFiles: Rule = (modules) => eachImport(modules, ({ target }) => !isOutside(target) && !modules.has(target));

const broken: readonly [string, Rule, Readonly<Record<string, string>>][] = [
  ['a stage imports from its right', direction, { 'storage/a.ts': "import type { B } from '../build/b.ts';" }],
  ['a stage imports a command', direction, { 'build/a.ts': "export { b } from '../commands/b/run.ts';" }],
  ['a stage imports the reporter', direction, { 'build/a.ts': "import { say } from '../report.ts';" }],
  ['a top-level file imports a stage', direction, { 'config.ts': "import { b } from './storage/b.ts';" }],
  ['a command prints', direction, { 'commands/a/run.ts': "import { b } from './report.ts';" }],
  ['a folder that no one knows', direction, { 'build/a.ts': "import { b } from '../utils/b.ts';" }],
  ['the core has a value of a storage', edgeImports, { 'core/a.ts': "import { b } from '../storage/b.ts';" }],
  ['an inline type import still runs', edgeImports, { 'core/a.ts': "import { type B } from '../config.ts';" }],
  ['the edge core imports its host', edgeImports, { 'core/a.ts': "import { b } from '../hosts/node/server.ts';" }],
  ['the edge core imports Node', edgeImports, { 'core/route.ts': "import { join } from 'node:path';" }],
  ['a package at the edge', edgeImports, { 'core/a.ts': "const b = await import('semver');" }],
  ['a value of the config at the edge', edgeImports, { 'core/version.ts': "import { b } from '../config.ts';" }],
  ['new syntax at the edge', edgeSyntax, { 'core/constraint.ts': 'for (const a of b) c();' }],
  ['an exit', exits, { 'site/a.ts': 'process.exit(1);' }],
  ['an exit status', exits, { 'report.ts': 'process.exitCode = 1;' }],
  ['a print', prints, { 'cli.ts': "process.stdout.write('a');" }],
  ['a log', prints, { 'site/a.ts': "console.warn('a');" }],
  ['a default export', defaultExports, { 'site/a.ts': 'export default function a() {}' }],
  ['a default export of the edge core', defaultExports, { 'core/respond.ts': 'export default {};' }],
  ['a renamed default export', defaultExports, { 'site/a.ts': 'export { a as default };' }],
  ['a cycle', cycles, { 'a.ts': "import { b } from './b.ts';", 'b.ts': "export * from './a.ts';" }],
  ['a file that is not there', missingFiles, { 'a.ts': "import { b } from './b.ts';" }],
];

describe('the program', () => {
  const modules = sourceModules();
  test.each(
    Object.entries({ direction, edgeImports, edgeSyntax, exits, prints, defaultExports, cycles, missingFiles }),
  )('keeps the rule %s', (_, rule) => {
    expect(rule(modules)).toEqual([]);
  });

  test('is read whole', () => {
    expect(modules.size).toBeGreaterThan(50);
    for (const file of ['core/respond.ts', ...DOORS]) expect(modules.has(file), file).toBe(true);
    expect(modules.get('report.ts')?.imports).toContainEqual({ target: 'commands/build/run.ts', isType: true });
    expect(modules.get('cli.ts')?.imports).toContainEqual({ target: 'commands/build/run.ts', isType: false });
  });
});

describe('a rule complains of', () => {
  test.each(broken)('%s', (_, rule, files) => {
    expect(rule(modulesOf(files)).length).toBeGreaterThan(0);
  });
});

describe('a type-only import', () => {
  test.each([
    ["import type { A } from '../layers/a.ts';", true],
    ["export type { A } from '../layers/a.ts';", true],
    ["import { type A } from '../layers/a.ts';", false],
    ["import type from '../layers/a.ts';", false],
    ["import '../layers/a.ts';", false],
    ["export * from '../layers/a.ts';", false],
  ])('%s', (source, isType) => {
    expect(modulesOf({ 'site/a.ts': source }).get('site/a.ts')?.imports).toEqual([{ target: 'layers/a.ts', isType }]);
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
    ['regex flags gu', 'return /a/gu;'],
    ['regex flags y', 'f(/[/]/y)'],
    ['accessor', 'const a = { get b() { return 1; } };'],
    ['generator', 'function* a() {}'],
    ['yield', 'yield a;'],
    ['async', 'async function a() {}'],
    ['await', 'await a;'],
    ['.flatMap()', 'a.flatMap(b)'],
    ['.hasOwn()', 'Object.hasOwn(a, b)'],
    ['process', 'process.cwd()'],
  ])('%s: %s', (fault, source) => {
    expect(notEdgePlain(tokenize(source))).toContain(`1: ${fault}`);
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
    expect(notEdgePlain(tokenize(source))).toEqual([]);
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

/** Where words joined by dots, or standing one behind another, read as the pattern. */
function mentions(modules: Modules, pattern: RegExp): string[] {
  return [...modules].flatMap(([file, { tokens }]: [string, Module]) =>
    tokens.flatMap((token, i) => {
      const words = tokens.slice(i, i + 3).filter(({ kind }) => kind === 'word');
      const isHere = token.kind === 'word' && new RegExp(`^(${pattern.source})`).test(joined(words));
      return isHere ? [`${file}:${token.line}: ${joined(words)}`] : [];
    }),
  );
}

function joined(words: readonly { readonly text: string }[]): string {
  return words.map(({ text }) => text).join('.');
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
