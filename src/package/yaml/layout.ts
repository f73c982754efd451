/**
 * Rewrites a layout that libyaml (and so yaml.v2) accepts into one that js-yaml accepts. They differ in these places:
 *
 * - libyaml lets lines inside quotes, `[]` and `{}` begin in any column. This file indents them.
 * - libyaml ends any token at a `#`, and reads a lone `-` inside `[]` and `{}` as text. This file separates and quotes
 * them.
 * - libyaml refuses a tab where a token may start the structure of a line, which is a `YamlError` here. Inside `[]` and
 * `{}` it reads tabs as spaces, and so does this file.
 *
 * The number of lines doesn't change, so that messages of the parser name the right line.
 */

import { lineAt, YamlError } from './values.ts';

/** Rewrites `text`, one document, as described above. Returns the same text if there is nothing to rewrite. */
export function relax(text: string): string {
  return new Layout(text).relaxed();
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
/** In characters. */
const MOST_ADDED = 2 ** 20;

class Layout {
  readonly #text: string;
  #at = 0;
  #lineStart = 0;
  /** The column of the current block collection. Lines that continue a value are further to the right. */
  #indent = -1;
  /** Whether the next token may open a block collection. No tab may stand before such a token. */
  #fresh = true;
  /** The output for the text up to `#copied`. */
  #output = '';
  #copied = 0;
  /** How many spaces were added. */
  #added = 0;

  constructor(text: string) {
    this.#text = text;
  }

  relaxed(): string {
    while (this.#at < this.#text.length) this.#token();
    return this.#output + this.#text.slice(this.#copied);
  }

  #token(): void {
    const char = this.#text.charCodeAt(this.#at);
    if (char === LF || char === CR) return this.#newLine();
    if (char === SPACE) return this.#skip(1);
    if (char === TAB) {
      if (this.#fresh) throw this.#error('a tab starts a token');
      return this.#replace(' ');
    }
    const column = this.#at - this.#lineStart;
    if (column === 0 && /^(?:%|---(?:[ \t\r\n]|$))/.test(this.#text.slice(this.#at, this.#at + 4))) {
      return this.#marker(char);
    }
    switch (this.#text.charAt(this.#at)) {
      case '#':
        return this.#comment();
      case '-':
      case '?':
      case ':':
        return this.#isBlank(this.#at + 1) ? this.#indicator(column) : this.#plain(column);
      case '&':
        this.#fresh = false;
        return this.#name();
      case '*':
        this.#name();
        return this.#afterNode(column);
      case '!':
        this.#fresh = false;
        return this.#skip(this.#lengthOf(/[^ \t\r\n]+/y));
      case '|':
      case '>':
        return this.#block();
      case '"':
      case "'":
        this.#quoted();
        return this.#afterNode(column);
      case '[':
      case '{':
        this.#flow();
        return this.#indent < 0 ? this.#afterRoot() : this.#afterNode(column);
      default:
        return this.#plain(column);
    }
  }

  #marker(char: number): void {
    if (char === 37) return this.#skip(this.#lengthOf(/[^\r\n]+/y));
    this.#skip(3);
    this.#fresh = false;
  }

  /** Reads a lone `-`, `?` or `:`. After a key comes a value; in the other cases, one more level. */
  #indicator(column: number): void {
    if (this.#text.charAt(this.#at) !== ':' || this.#fresh) {
      this.#indent = column;
      this.#fresh = true;
    }
    this.#skip(1);
  }

  /** Reads the `:` that makes a node on one line a key. */
  #afterNode(column: number): void {
    this.#fresh = false;
    const blanks = this.#lengthOf(/[ \t]*/y);
    if (this.#text.charAt(this.#at + blanks) !== ':' || !this.#isBlank(this.#at + blanks + 1)) return;
    this.#indent = column;
    this.#skip(blanks + 1);
  }

  /** What follows a flow collection that is the whole document is not read, unless it makes that a key. */
  #afterRoot(): void {
    if (this.#match(/[ \t]*:(?=[ \t\r\n]|$)/y) !== undefined) return this.#afterNode(0);
    this.#insert('');
    this.#at = this.#copied = this.#text.length;
  }

  /** The name of an anchor or an alias, which ends at the first character that no name has. */
  #name(): void {
    this.#skip(this.#lengthOf(/[&*][0-9A-Za-z_-]*/y));
    if (/[?:,\]}%@`]/.test(this.#text.charAt(this.#at))) this.#insert(' ');
    else this.#skip(this.#lengthOf(/[^ \t\r\n,[\]{}]+/y));
  }

  #comment(): void {
    if (this.#at > this.#lineStart && !this.#isBlank(this.#at - 1)) this.#insert(' ');
    this.#skip(this.#lengthOf(/[^\r\n]+/y));
  }

  /** Reads a plain scalar: a key up to its colon, or a value with all lines that continue it. */
  #plain(column: number): void {
    this.#fresh = false;
    if (this.#plainLine()) return this.#afterNode(column);
    while (this.#continues()) {
      if (this.#plainLine()) return this.#afterNode(this.#at - this.#lineStart);
    }
  }

  /** Goes to the end of the line, to a comment or to a colon. Returns whether it is a colon. */
  #plainLine(): boolean {
    const length = this.#lengthOf(/(?:[^ \t\r\n:]|:(?![ \t\r\n]|$)|[ \t]+(?![ \t\r\n#:]|$)|[ \t]+:(?![ \t\r\n]|$))+/y);
    this.#skip(Math.max(length, 1));
    const blanks = this.#lengthOf(/[ \t]*/y);
    return this.#text.charAt(this.#at + blanks) === ':';
  }

  /** Goes to the next line that isn't empty. Returns whether that line continues a plain scalar. */
  #continues(): boolean {
    const gap = this.#match(/[ \t]*(?:\r\n?|\n)(?:[ \t]*(?:\r\n?|\n))*([ \t]*)/y);
    if (gap === undefined) return false;
    this.#checkTabs(gap[0]);
    this.#skip(gap[0].length);
    this.#lineStart = this.#at - (gap[1] as string).length;
    this.#fresh = true;
    const isText = this.#at < this.#text.length && this.#text.charAt(this.#at) !== '#';
    return isText && this.#at - this.#lineStart > this.#indent;
  }

  /** Refuses a tab in the indentation of a line. */
  #checkTabs(gap: string): void {
    let at = this.#at;
    for (const line of gap.split(/(?<=\n|\r(?!\n))/)) {
      const tab = line.indexOf('\t');
      if (at > this.#at && tab !== -1 && tab <= this.#indent) {
        this.#at = at;
        throw this.#error('a tab in the indentation');
      }
      at += line.length;
    }
  }

  #block(): void {
    const header = this.#match(/[|>][-+0-9]*[^\r\n]*/y) as RegExpExecArray;
    const digit = /^[|>][-+]?([1-9])/.exec(header[0])?.[1];
    this.#skip(header[0].length);
    if (this.#at >= this.#text.length) return;
    this.#newLine();
    let indent = digit === undefined ? 0 : Math.max(this.#indent, 0) + Number(digit);
    while (this.#at < this.#text.length) {
      const spaces = this.#lengthOf(/ */y);
      const char = this.#text.charCodeAt(this.#at + spaces);
      if (char === TAB && (indent === 0 || spaces < indent)) {
        this.#skip(spaces);
        throw this.#error('a tab in the indentation');
      }
      if (char !== LF && char !== CR) {
        if (indent === 0) indent = Math.max(spaces, this.#indent + 1, 1);
        if (spaces < indent) break;
      }
      this.#skip(this.#lengthOf(/[^\r\n]*/y));
      if (this.#at < this.#text.length) this.#newLine();
    }
    this.#fresh = true;
  }

  #quoted(): void {
    const quote = this.#text.charAt(this.#at);
    this.#skip(1);
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      if (char === '\\' && quote === '"') {
        this.#skip(1);
        this.#step();
      } else if (char !== quote) this.#step();
      else if (quote === "'" && this.#text.charAt(this.#at + 1) === quote) this.#skip(2);
      else return this.#skip(1);
    }
  }

  #flow(): void {
    let depth = 0;
    do {
      const char = this.#text.charAt(this.#at);
      if (char === '[' || char === '{') depth++;
      if (char === ']' || char === '}') depth--;
      if (char === '"' || char === "'") this.#quoted();
      else if (char === '#') this.#comment();
      else if (char === '\t') this.#replace(' ');
      else if (char === '&' || char === '*') this.#name();
      else if (',:?[]{} \r\n'.includes(char)) this.#step();
      else this.#flowText();
    } while (depth > 0 && this.#at < this.#text.length);
  }

  /**
   * Reads plain text inside `[]` or `{}`, up to a comma, a bracket, the colon of a value, a comment or the end of the
   * line.
   */
  #flowText(): void {
    const length = this.#lengthOf(/(?:[^ \t\r\n,[\]{}:]|:(?![ \t\r\n,[\]{}]|$)|[ \t]+(?![ \t\r\n#,[\]{}:]|$))+/y);
    const lone =
      length === 1 && this.#text.charAt(this.#at) === '-' && /[,[\]{}]/.test(this.#text.charAt(this.#at + 1));
    if (lone) this.#insert('"');
    this.#skip(Math.max(length, 1));
    if (lone) this.#insert('"');
  }

  /** Goes one character on. Indents a line that begins inside quotes or brackets. */
  #step(): void {
    const char = this.#text.charCodeAt(this.#at);
    if (char !== LF && char !== CR) return this.#skip(1);
    this.#newLine();
    if (this.#lengthOf(/ */y) <= this.#indent) this.#indentLine();
  }

  /** Far to the right, a line feed of a few bytes becomes a long line. */
  #indentLine(): void {
    this.#added += this.#indent + 1;
    if (this.#added > MOST_ADDED) throw this.#error('lines in brackets or quotes, far to the left of where they begin');
    this.#insert(' '.repeat(this.#indent + 1));
  }

  #newLine(): void {
    const crlf = this.#text.charCodeAt(this.#at) === CR && this.#text.charCodeAt(this.#at + 1) === LF;
    this.#skip(crlf ? 2 : 1);
    this.#lineStart = this.#at;
    this.#fresh = true;
  }

  #skip(count: number): void {
    this.#at += count;
  }

  #insert(text: string): void {
    this.#output += this.#text.slice(this.#copied, this.#at) + text;
    this.#copied = this.#at;
  }

  /** Writes another character in place of the next one. */
  #replace(char: string): void {
    this.#insert(char);
    this.#copied++;
    this.#skip(1);
  }

  #isBlank(position: number): boolean {
    const char = this.#text.charCodeAt(position);
    return Number.isNaN(char) || char === SPACE || char === TAB || char === LF || char === CR;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text) ?? undefined;
  }

  #lengthOf(pattern: RegExp): number {
    return this.#match(pattern)?.[0].length ?? 0;
  }

  #error(reason: string): YamlError {
    return new YamlError(`not YAML: ${reason}`, lineAt(this.#text, this.#at));
  }
}
