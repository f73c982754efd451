import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, visitorKeys } from 'oxc-parser';
import type { Comment, Node } from 'oxc-parser';

/** Source files as the architecture tests see them: what they import, their syntax trees and their comments. */

export interface Import {
  /** Relative to `src/` for a file of it, otherwise as written. */
  readonly target: string;
  /** `import type`: erased, unlike `import { type X }`, which still runs the file. */
  readonly isType: boolean;
}

export interface Place {
  readonly node: Node;
  readonly parent: Node | undefined;
  /** Counted from 1. */
  readonly line: number;
}

export interface Module {
  readonly text: string;
  readonly imports: readonly Import[];
  /** Every node of the syntax tree, a node before what it holds. */
  readonly places: readonly Place[];
  readonly comments: readonly Comment[];
}

/** File, relative to `src/`, -> what it is. */
export type Modules = ReadonlyMap<string, Module>;

/** The repository's folder, with a slash at its end. */
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** Every source file of a program, by default this one. */
export function sourceModules(folder = `${REPOSITORY}src/`): Modules {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return modulesOf(Object.fromEntries(files.sort().map((file) => [file, readFileSync(folder + file, 'utf8')])));
}

/** The modules of made-up files. */
export function modulesOf(files: Readonly<Record<string, string>>): Modules {
  return new Map(Object.entries(files).map(([file, text]) => [file, parseModule(file, text)]));
}

/** Throws where the text is not a TypeScript module. */
export function parseModule(file: string, text: string): Module {
  const { program, comments, errors } = parseSync(file, text, { preserveParens: false });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const places: Place[] = [];
  const lineAt = lineCounter(text);
  const visit = (node: Node, parent: Node | undefined): void => {
    places.push({ node, parent, line: lineAt(node.start) });
    for (const child of childrenOf(node)) visit(child, node);
  };
  visit(program, undefined);
  return { text, comments, places, imports: places.flatMap(({ node }) => importsOf(file, node)) };
}

/** The line, counted from 1, that holds an offset. */
function lineCounter(text: string): (offset: number) => number {
  const starts = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

function childrenOf(node: Node): Node[] {
  const members = new Map<string, unknown>(Object.entries(node));
  return (visitorKeys[node.type] ?? []).flatMap((key) => [members.get(key)].flat().filter(isNode));
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function importsOf(file: string, node: Node): Import[] {
  const found = (specifier: string, isType: boolean): Import[] => {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier;
    return [{ target, isType }];
  };
  switch (node.type) {
    case 'ImportDeclaration':
      return found(node.source.value, node.importKind === 'type');
    case 'ExportAllDeclaration':
      return found(node.source.value, node.exportKind === 'type');
    case 'ExportNamedDeclaration':
      return node.source ? found(node.source.value, node.exportKind === 'type') : [];
    case 'ImportExpression':
      return found(textOf(node.source) ?? '', false);
    case 'TSImportType':
      return found(node.source.value, true);
    default:
      return [];
  }
}

/** The text of a literal text; undefined for all else. */
export function textOf(node: Node): string | undefined {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

/** `a.b.c` for such an expression, whether its members are written with a dot, `?.` or as `['b']`; '' for all else. */
export function dottedName(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression') return '';
  const member = node.computed ? textOf(node.property) : node.property.type === 'Identifier' && node.property.name;
  return `${dottedName(node.object)}.${member || '?'}`;
}
