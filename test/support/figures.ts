import type { Node } from 'oxc-parser';
import type { Module, Modules } from './source.ts';

/** What can be counted of a program's form. */

/** Lines of a file. */
export function linesOf({ text }: Module): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** `<line>: <lines>` of each function that has more lines than the limit, from its first word to its last bracket. */
export function functionsOver(limit: number, { places, text }: Module): string[] {
  return places.flatMap(({ node, line }) => {
    if (!isFunction(node)) return [];
    const lines = text.slice(node.start, node.end).split('\n').length;
    return lines > limit ? [`${line}: ${lines} lines`] : [];
  });
}

/** Groups of files each of which imports, by values or by types, itself by way of the others. */
export function circles(modules: Modules): string[][] {
  const reach = new Map([...modules.keys()].map((file) => [file, reachable(modules, file)]));
  const groups = [...reach]
    .filter(([file, reached]) => reached.has(file))
    .map(([file, reached]) => [...reached].filter((other) => reach.get(other)?.has(file)).sort());
  return [...new Map(groups.map((group) => [group.join(' '), group])).values()];
}

function reachable(modules: Modules, file: string): Set<string> {
  const reached = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const { target } of modules.get(next)?.imports ?? []) {
      if (!modules.has(target) || reached.has(target)) continue;
      reached.add(target);
      waiting.push(target);
    }
  }
  return reached;
}

function isFunction({ type }: Node): boolean {
  return type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression';
}
