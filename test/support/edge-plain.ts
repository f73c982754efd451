import type { Node } from 'oxc-parser';
import { dottedName } from './source.ts';
import type { Module } from './source.ts';

/*
 * The syntax and the names that nginx's njs 0.7.9 doesn't know, and those that the core keeps away from. They count in
 * types as well: what a host can't make, it can't hand to the core.
 */

const NAMES = new Set(
  ['Map', 'Set', 'WeakMap', 'WeakSet', 'URL', 'URLSearchParams', 'BigInt', 'Symbol'].concat(
    ['structuredClone', 'Buffer', 'process'], // exist on some hosts only
  ),
);
const METHODS =
  /\.(at|replaceAll|padStart|padEnd|trimStart|trimEnd|flat|flatMap|matchAll|findLast|hasOwn|fromEntries|toSorted|entries)$/;
const FAULTS: Partial<Record<Node['type'], string>> = {
  ForOfStatement: 'for…of',
  SpreadElement: 'spread',
  RestElement: 'spread',
  ObjectPattern: 'destructuring',
  ArrayPattern: 'destructuring',
  AssignmentPattern: 'default parameter',
  ChainExpression: 'optional chaining',
  ClassDeclaration: 'class',
  ClassExpression: 'class',
  YieldExpression: 'yield',
  AwaitExpression: 'await',
  TaggedTemplateExpression: 'tagged template',
};

/** Every piece of forbidden syntax: `<line>: <what it is>`. */
export function notEdgePlain({ places }: Module): string[] {
  return places.flatMap(({ node, parent, line }) => {
    const fault = faultOf(node, parent);
    return fault === undefined ? [] : [`${line}: ${fault}`];
  });
}

function faultOf(node: Node, parent: Node | undefined): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return NAMES.has(node.name) && !isKey(node, parent) ? node.name : undefined;
    case 'Literal':
      return literalFault(node);
    case 'AssignmentExpression':
      return /^(\?\?|\|\||&&)=$/.test(node.operator) ? 'logical assignment' : undefined;
    case 'Property':
      return node.kind === 'init' ? undefined : 'accessor';
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node.async ? 'async' : node.generator ? 'generator' : undefined;
    case 'CallExpression': {
      const method = METHODS.exec(dottedName(node.callee).replace(/^.*\./, '.'))?.[0];
      return method && `${method}()`;
    }
    default:
      return FAULTS[node.type];
  }
}

/** Whether a name only names a member, as in `a.Map` and `{ Map: 1 }`. */
function isKey(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && !parent.computed;
  const isMember = parent?.type === 'Property' || parent?.type === 'TSPropertySignature';
  return isMember && parent.key === node && !parent.computed && !('shorthand' in parent && parent.shorthand);
}

function literalFault(node: Extract<Node, { type: 'Literal' }>): string | undefined {
  if ('bigint' in node) return 'bigint';
  if (!('regex' in node)) return undefined;
  const { pattern, flags } = node.regex;
  if (/[suydv]/.test(flags)) return `regex flags ${flags}`;
  return /\(\?<|\\k</.test(pattern) ? 'regex lookbehind or named group' : undefined;
}
