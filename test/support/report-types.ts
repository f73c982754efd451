import type { Node } from 'oxc-parser';
import { posix } from 'node:path';
import type { Module, Modules } from './source.ts';

/* The types of reports, as the source declares them, for the docs. */

interface Declared {
  readonly file: string;
  readonly name: string;
}

/** The declarations of types and of everything of `src/` that they refer to, in that order, each once, without `readonly`. */
export function declarationsOf(modules: Modules, roots: readonly Declared[], known: Set<string>): string[] {
  const texts: string[] = [];
  const queue = [...roots];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const key = `${next.file} ${next.name}`;
    const module = modules.get(next.file);
    const node = module && declarationIn(module, next.name);
    if (!module || !node || known.has(key)) continue;
    known.add(key);
    texts.push(textOf(module, node));
    queue.push(...referencesIn(module, node, next.file));
  }
  return texts;
}

function declarationIn({ places }: Module, name: string): Node | undefined {
  return places.find(
    ({ node }) =>
      (node.type === 'TSInterfaceDeclaration' || node.type === 'TSTypeAliasDeclaration') && node.id.name === name,
  )?.node;
}

/** A declaration with the comment before it. */
function textOf({ text, comments }: Module, { start, end }: Node): string {
  const exported = text.slice(0, start).endsWith('export ') ? start - 'export '.length : start;
  const comment = comments.find((one) => one.end < exported && text.slice(one.end, exported).trim() === '');
  const from = comment?.start ?? exported;
  return text
    .slice(from, end)
    .replace(/^export /m, '')
    .replaceAll(/\breadonly /g, '');
}

function referencesIn({ places }: Module, { start, end }: Node, file: string): Declared[] {
  const inner = places.filter(({ node }) => node.start >= start && node.end <= end);
  return inner.flatMap(({ node, parent }) => {
    const isName = node.type === 'Identifier' && /^TS(TypeReference|InterfaceHeritage)$/.test(parent?.type ?? '');
    if (!isName) return [];
    return [importedAs(places, node.name, file) ?? { file, name: node.name }];
  });
}

/** Where a name comes from that a file imports. */
function importedAs(places: Module['places'], local: string, file: string): Declared | undefined {
  for (const { node } of places) {
    if (node.type !== 'ImportDeclaration') continue;
    for (const specifier of node.specifiers)
      if (specifier.type === 'ImportSpecifier' && specifier.local.name === local) {
        const name = specifier.imported.type === 'Identifier' ? specifier.imported.name : local;
        return { file: posix.join(posix.dirname(file), node.source.value), name };
      }
  }
  return undefined;
}
