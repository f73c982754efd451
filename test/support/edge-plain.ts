import type { Token } from './source.ts';

/*
 * What nginx's njs 0.7.9 doesn't know, or what the edge core keeps away from, found among tokens: types can't be told from
 * values, so an edge-plain file does without these in types as well.
 */

const WORDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['Map', 'Set', 'WeakMap', 'WeakSet', 'URL', 'URLSearchParams', 'BigInt', 'Symbol'].map(same)),
  ...Object.fromEntries(['class', 'async', 'await', 'yield', 'structuredClone', 'Buffer', 'process'].map(same)),
};
const MARKS: Readonly<Record<string, string>> = {
  '...': 'spread',
  '?.': 'optional chaining',
  '??=': 'logical assignment',
  '||=': 'logical assignment',
  '&&=': 'logical assignment',
};
const METHODS =
  'at|replaceAll|padStart|padEnd|trimStart|trimEnd|flat|flatMap|matchAll|findLast|hasOwn|fromEntries|toSorted|entries'.split(
    '|',
  );

/** Every piece of forbidden syntax, with its line. */
export function notEdgePlain(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, i) =>
    [wordFault, markFault, literalFault, forOf, accessor, parameters, assignedPattern].flatMap((rule) => {
      const fault = rule(tokens, i);
      return fault === undefined ? [] : [`${token.line}: ${fault}`];
    }),
  );
}

type Rule = (tokens: readonly Token[], at: number) => string | undefined;

const wordFault: Rule = (tokens, at) => {
  const token = tokens[at] as Token;
  if (token.kind !== 'word') return undefined;
  if (textAt(tokens, at - 1) === '.')
    return METHODS.includes(token.text) && textAt(tokens, at + 1) === '(' ? `.${token.text}()` : undefined;
  if (textAt(tokens, at + 1) === ':') return undefined;
  if (['const', 'let', 'var'].includes(token.text) && isOpening(textAt(tokens, at + 1))) return 'destructuring';
  if (token.text === 'function' && textAt(tokens, at + 1) === '*') return 'generator';
  return Object.hasOwn(WORDS, token.text) ? WORDS[token.text] : undefined;
};

const markFault: Rule = (tokens, at) => {
  const { kind, text } = tokens[at] as Token;
  return kind === 'mark' && Object.hasOwn(MARKS, text) ? MARKS[text] : undefined;
};

const literalFault: Rule = (tokens, at) => {
  const { kind, text } = tokens[at] as Token;
  if (kind === 'number') return /^\d.*n$/.test(text) ? 'bigint' : undefined;
  if (kind !== 'regex') return undefined;
  const flags = text.slice(text.lastIndexOf('/') + 1);
  if (/[suydv]/.test(flags)) return `regex flags ${flags}`;
  return /\(\?<|\\k</.test(text) ? 'regex lookbehind or named group' : undefined;
};

const forOf: Rule = (tokens, at) => {
  if (textAt(tokens, at) !== 'for') return undefined;
  const inside = tokens.slice(at + 2, closing(tokens, at + 1));
  const isOf = inside.some(({ text, kind }, i) => {
    const before = inside[i - 1];
    const isBehindName = before !== undefined && (before.kind === 'word' || [']', '}'].includes(before.text));
    return kind === 'word' && text === 'of' && isBehindName && textAt(inside, i + 1) !== '.';
  });
  return isOf ? 'for…of' : undefined;
};

const accessor: Rule = (tokens, at) => {
  const isAccessor = ['get', 'set'].includes(textAt(tokens, at)) && textAt(tokens, at - 1) !== '.';
  return isAccessor && tokens[at + 1]?.kind === 'word' && textAt(tokens, at + 2) === '(' ? 'accessor' : undefined;
};

const parameters: Rule = (tokens, at) => {
  if (textAt(tokens, at) !== '(' || !isParameterList(tokens, at)) return undefined;
  const end = closing(tokens, at);
  for (let i = at + 1, depth = 0; i < end; i++) {
    const text = textAt(tokens, i);
    if (depth === 0 && text === '=') return 'default parameter';
    if (depth === 0 && isOpening(text) && ['(', ','].includes(textAt(tokens, i - 1))) return 'destructuring';
    if (isOpening(text) || text === '(') depth++;
    if ([')', ']', '}'].includes(text)) depth--;
  }
  return undefined;
};

/** `[a, b] = …` and `({ a } = …)`. */
const assignedPattern: Rule = (tokens, at) => {
  if (!isOpening(textAt(tokens, at)) || !['', ';', '{', '}', '(', '='].includes(textAt(tokens, at - 1)))
    return undefined;
  const end = closing(tokens, at);
  return end > at + 1 && textAt(tokens, end + 1) === '=' ? 'destructuring' : undefined;
};

function isParameterList(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  if (before?.text === 'function' || textAt(tokens, at - 2) === 'function' || before?.text === 'catch') return true;
  const end = closing(tokens, at);
  const after = textAt(tokens, end + 1);
  if (after === '=>') return true;
  if (after === '{') return before?.kind === 'word' && !/^(?:if|for|while|switch|with)$/.test(before.text);
  if (after !== ':') return false;
  for (let i = end + 2, depth = 0; i < tokens.length; i++) {
    const text = textAt(tokens, i);
    if (depth === 0 && text === '=>') return true;
    if (depth === 0 && /^[;,)=\]}]$/.test(text)) return false;
    if (isOpening(text) || text === '(') depth++;
    if ([')', ']', '}'].includes(text)) depth--;
  }
  return false;
}

/** The place of the bracket that closes the one at `at`. */
function closing(tokens: readonly Token[], at: number): number {
  for (let i = at, depth = 0; i < tokens.length; i++) {
    const text = textAt(tokens, i);
    if (isOpening(text) || text === '(') depth++;
    if ([')', ']', '}'].includes(text) && --depth === 0) return i;
  }
  return tokens.length;
}

function isOpening(text: string): boolean {
  return text === '[' || text === '{';
}

/** The text of a word or mark; '' for a literal and beyond the ends. */
function textAt(tokens: readonly Token[], at: number): string {
  const token = tokens[at];
  return token && (token.kind === 'word' || token.kind === 'mark') ? token.text : '';
}

function same(word: string): [string, string] {
  return [word, word];
}
