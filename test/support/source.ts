import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Source files as the architecture tests see them: tokens and imports. TypeScript 7 has no JavaScript API to parse with.
 */

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'regex' | 'mark';
  readonly text: string;
  readonly line: number;
}

export interface Import {
  /** Relative to `src/` for a file of it, otherwise as written. */
  readonly target: string;
  /** `import type`: erased, unlike `import { type X }`, which still runs the file. */
  readonly isType: boolean;
}

export interface Module {
  readonly imports: readonly Import[];
  readonly tokens: readonly Token[];
}

/** File, relative to `src/`, -> what it is. */
export type Modules = ReadonlyMap<string, Module>;

/** Every source file of the program. */
export function sourceModules(): Modules {
  const folder = fileURLToPath(new URL('../../src/', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return modulesOf(Object.fromEntries(files.sort().map((file) => [file, readFileSync(folder + file, 'utf8')])));
}

/** The modules of made-up files. */
export function modulesOf(files: Readonly<Record<string, string>>): Modules {
  return new Map(
    Object.entries(files).map(([file, text]) => {
      const tokens = tokenize(text);
      return [file, { tokens, imports: importsOf(file, tokens) }];
    }),
  );
}

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /\.?\d(?:[eE][+-]?\d|[\w.])*/y;
const MARK =
  />>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\*\*|[-+*/%&|^]=|[^\s]/uy;
const SKIPPED = /\s+|\/\/[^\n]*|\/\*[^]*?\*\/|^#![^\n]*/y;
const TEXT = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const CHUNK = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
const BEFORE_REGEX = /^(?:return|typeof|case|of|in|else|do|void|delete|await|yield|throw|new)$/;

/** The tokens of a source: no comments, texts without their quotes, what stands in `${}` as tokens of its own. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const push = (kind: Token['kind'], text: string): void => {
    tokens.push({ kind, text, line: source.slice(0, at).split('\n').length });
  };
  const chunk = (): void => {
    at++;
    const text = match(CHUNK) ?? '';
    push('text', text);
    at += text.length;
    if (source.startsWith('${', at)) {
      templates.push(depth++);
      at += 2;
    } else at++;
  };
  while (at < source.length) {
    const skipped = match(SKIPPED);
    if (skipped) {
      at += skipped.length;
      continue;
    }
    const char = source.charAt(at);
    if (char === '`' || (char === '}' && templates.at(-1) === depth - 1)) {
      if (char === '}') {
        templates.pop();
        depth--;
      }
      chunk();
      continue;
    }
    const text = match(TEXT);
    const regex = char === '/' && mayBeRegex(tokens.at(-1)) ? match(REGEX) : undefined;
    const word = match(WORD);
    const number = /[\d.]/.test(char) ? match(NUMBER) : undefined;
    const found = text ?? regex ?? word ?? number ?? match(MARK) ?? char;
    if (text) push('text', text.slice(1, -1));
    else push(regex ? 'regex' : word ? 'word' : number ? 'number' : 'mark', found);
    if (!text && found === '{') depth++;
    if (!text && found === '}') depth--;
    at += found.length;
  }
  return tokens;
}

function mayBeRegex(before: Token | undefined): boolean {
  if (!before || (before.kind === 'word' && BEFORE_REGEX.test(before.text))) return true;
  return before.kind === 'mark' && ![')', ']', '}'].includes(before.text);
}

function importsOf(file: string, tokens: readonly Token[]): Import[] {
  return tokens.flatMap((token, i) => {
    const next = tokens[i + 1];
    const isStatement = token.text === 'import' && next?.text !== '.' && tokens[i - 1]?.text !== '.';
    const isReexport = token.text === 'export' && reexports(tokens, i);
    if (token.kind !== 'word' || !(isStatement || isReexport)) return [];
    const specifier = tokens.slice(i).find(({ kind }) => kind === 'text')?.text ?? '';
    const isType = next?.kind === 'word' && next.text === 'type' && tokens[i + 2]?.text !== 'from';
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier;
    return [{ target, isType }];
  });
}

/** Whether the `export` is one of `export … from '…'`. */
function reexports(tokens: readonly Token[], at: number): boolean {
  let i = at + 1;
  if (tokens[i]?.text === 'type') i++;
  if (tokens[i]?.text === '*') return true;
  if (tokens[i]?.text !== '{') return false;
  while (i < tokens.length && tokens[i]?.text !== '}') i++;
  return tokens[i + 1]?.text === 'from';
}
