/**
 * The plain YAML that nearly all files of packages are written in, read straight into values: block and flow collections of
 * plain, quoted and block scalars, and comments. Whatever is rarer, or wrong, is left to the full parser, which takes about
 * five times as long. What this reader reads, it reads as the full parser does: `test/property/plain-yaml.test.ts` compares them.
 */

import { CHOMPING_MODE, EVENT_ID, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

import { scalarText } from './breaks.ts';
import { Budget } from './budget.ts';
import { FlowReader, NEXT_TEXT, NOT_PLAIN, QUOTES } from './flow.ts';
import { isTooLong } from './keys.ts';
import { resolvePlain } from './scalars.ts';
import { type Fields, noFields, type Value } from './values.ts';

/** The value of a document, as the full parser reads it; undefined where it isn't plain throughout, or holds nothing. */
export function parsePlain(text: string, budget = new Budget()): Fields | readonly Value[] | undefined {
  if (UNUSUAL.test(text) || text.endsWith(' ')) return undefined;
  try {
    return new Reader(text, budget).document();
  } catch (error) {
    if (error === NOT_PLAIN) return undefined;
    throw error;
  }
}

/** Tabs and separators have rules of their own, and so has a byte order mark. */
const UNUSUAL = /[\t\r\ufeff]/;
/** A key and its colon. */
const KEY = /(?:[A-Za-z_][^ \n:#]*(?: +[^ \n:#]+)*|'[^'\n]*'|"[^"\\\n]*"):(?=[ \n]|$)/y;
const DASH = /-(?=[ \n]|$)/y;
const SINGLE_QUOTED = /'[^']*(?:''[^']*)*'/y;
/** With no escapes that name a character by its number. */
const DOUBLE_QUOTED = /"[^"\\]*(?:\\[0abtnvfre "\\N_LP\n][^"\\]*)*"/y;
/** What may stand for something else between quotes. */
const MADE_UP = /['\\\n]/;
/** The first line of a block scalar. */
const BLOCK = /[|>][-+]? *\n/y;
/** The empty lines above the text of a block scalar, and the spaces before it. */
const BLOCK_GAP = /(?: *\n)* */y;
/** The rest of a line, behind a value: nothing, or a comment. */
const REST = / *(?: #[^\n]*)?(?:\n|$)/y;
/** Where a plain scalar starts, for sure. */
const PLAIN_START = /[^ \n,[\]{}#&*!|>'"%@`?:-]|-(?=[^ \n])/y;
/** The text of a plain scalar in one line. */
const PLAIN_TEXT = /(?:[^ \n:]+|:(?=[^ \n])| +(?=[^ \n:#]|:[^ \n]))+/y;
class Reader extends FlowReader {
  document(): Fields | readonly Value[] {
    this.findLine(0);
    if (this.indent === 0 && this.text.startsWith('---', this.at)) {
      this.at += 3;
      this.#endLine();
    }
    if (this.indent !== 0) throw NOT_PLAIN;
    const value = this.#collection(0);
    if (this.isInside()) throw NOT_PLAIN;
    return value;
  }

  /** A list or a mapping whose entries stand in the column `indent`. */
  #collection(indent: number): Fields | readonly Value[] {
    this.enter();
    const value = this.sees(DASH) ? this.#list(indent) : this.#mapping(indent);
    this.leave();
    return value;
  }

  #mapping(indent: number): Fields {
    const fields = noFields();
    do {
      const key = this.#key();
      fields[key] = this.#value(indent, true);
    } while (this.indent === indent);
    return fields;
  }

  /** A number or a word such as `yes` is no text: the full parser notes such keys. */
  #key(): string {
    const start = this.at;
    if (!this.skip(KEY) || isTooLong(this.text.slice(start, this.at - 1))) throw NOT_PLAIN;
    if (QUOTES.has(this.text.charCodeAt(start))) return this.text.slice(start + 1, this.at - 2);
    const word = this.text.slice(start, this.at - 1);
    if (typeof resolvePlain(word) !== 'string') throw NOT_PLAIN;
    return word;
  }

  #list(indent: number): readonly Value[] {
    const items: Value[] = [];
    do {
      this.at++;
      items.push(this.#item(indent));
    } while (this.indent === indent && this.sees(DASH));
    return items;
  }

  /** What follows a dash in the column `indent`: another collection may begin in the same line. */
  #item(indent: number): Value {
    const start = this.at;
    this.skipSpaces();
    if (this.sees(DASH) || this.sees(KEY)) return this.#collection(indent + 1 + this.at - start);
    this.at = start;
    return this.#value(indent, false);
  }

  /** A value behind a colon or dash, with the end of its line. */
  #value(indent: number, isOfKey: boolean): Value {
    this.budget.take(1, 0);
    if (!this.sees(REST)) return this.#scalar(indent);
    this.#endLine();
    if (this.indent > indent)
      return this.sees(DASH) || this.sees(KEY) ? this.#collection(this.indent) : this.#scalar(indent);
    return isOfKey && this.indent === indent && this.sees(DASH) ? this.#collection(indent) : null;
  }

  /** A scalar or a flow collection, with the end of its line. */
  #scalar(indent: number): Value {
    this.skipSpaces();
    switch (this.text.charAt(this.at)) {
      case "'":
        return this.#quoted(SINGLE_QUOTED, indent);
      case '"':
        return this.#quoted(DOUBLE_QUOTED, indent);
      case '|':
      case '>':
        return this.#block(indent);
      case '[':
      case '{': {
        const value = this.flow(indent);
        this.#endLine();
        return value;
      }
      default:
        return this.#plain(indent);
    }
  }

  #quoted(pattern: RegExp, indent: number): string {
    const start = this.at + 1;
    if (!this.skip(pattern)) throw NOT_PLAIN;
    const end = this.at - 1;
    const text = this.text.slice(start, end);
    if (!isIndented(`${text}'`, indent)) throw NOT_PLAIN;
    this.#endLine();
    const style = pattern === SINGLE_QUOTED ? SCALAR_STYLE.SINGLE_QUOTED : SCALAR_STYLE.DOUBLE_QUOTED;
    return MADE_UP.test(text) ? this.#valueOf(start, end, { style }) : text;
  }

  /** Lines below a plain scalar that are indented deeper belong to it, up to a comment. */
  #plain(indent: number): Value {
    if (!this.sees(PLAIN_START)) throw NOT_PLAIN;
    const start = this.at;
    let end = this.#plainLine();
    let isOneLine = true;
    while (this.#continues(indent)) {
      end = this.#plainLine();
      isOneLine = false;
    }
    this.#endLine();
    return resolvePlain(isOneLine ? this.text.slice(start, end) : this.#valueOf(start, end, {}));
  }

  /** Goes past a plain scalar's text in one line, and to the comment behind it; where the text ends. */
  #plainLine(): number {
    this.skip(PLAIN_TEXT);
    const end = this.at;
    this.skipSpaces();
    if (this.text.charCodeAt(this.at) === COLON) throw NOT_PLAIN;
    return (this.at = end);
  }

  /** Goes to the next line that isn't empty, where it belongs to the plain scalar above. */
  #continues(indent: number): boolean {
    const start = this.at;
    if (!this.skip(NEXT_TEXT)) return false;
    if (this.column() > indent) return true;
    this.at = start;
    return false;
  }

  #block(indent: number): string {
    const [style, chomping] = [BLOCK_STYLES[this.text.charAt(this.at)], CHOMPINGS[this.text.charAt(this.at + 1)]];
    if (!this.skip(BLOCK)) throw NOT_PLAIN;
    const start = this.at;
    this.skip(BLOCK_GAP);
    const column = this.column();
    if (column <= indent || !this.isInside()) throw NOT_PLAIN;
    // An empty line that is longer than the indentation of the text has rules of its own.
    const gap = this.text.slice(start, this.at).split('\n');
    if (gap.some((line) => line.length > column)) throw NOT_PLAIN;
    this.at -= column;
    while (this.isInside() && this.#isInBlock(column)) this.at = this.lineAfter(this.at);
    const end = this.at;
    this.findLine(end);
    return this.#valueOf(start, end, { indent: column, ...(style && { style }), ...(chomping && { chomping }) });
  }

  /** Whether a line is empty, or indented as far as `column`. */
  #isInBlock(column: number): boolean {
    const end = this.at + column;
    let at = this.at;
    while (at < end && this.text.charCodeAt(at) === SPACE) at++;
    return at === end || this.text.charCodeAt(at) === LF;
  }

  /** Goes past the end of a line that holds nothing more than a comment, to the next that holds something. */
  #endLine(): void {
    if (!this.skip(REST)) throw NOT_PLAIN;
    this.findLine(this.at);
  }

  /** The text of a scalar that takes more than a slice. */
  #valueOf(valueStart: number, valueEnd: number, own: Partial<ScalarEvent>): string {
    return scalarText(this.text, { ...SCALAR, ...own, valueStart, valueEnd });
  }
}

/** Whether all lines of a text but the first are empty or indented deeper than `indent`. */
function isIndented(text: string, indent: number): boolean {
  if (!text.includes('\n')) return true;
  const columns = text.split('\n').map((line) => line.search(/[^ ]/));
  return columns.every((column, i) => i === 0 || column === NONE || column > indent);
}

const NONE = -1;
const SPACE = 32;
const LF = 10;
const COLON = 58;
const BLOCK_STYLES: Readonly<Record<string, ScalarEvent['style']>> = {
  '|': SCALAR_STYLE.LITERAL_BLOCK,
  '>': SCALAR_STYLE.FOLDED_BLOCK,
};
const CHOMPINGS: Readonly<Record<string, ScalarEvent['chomping']>> = {
  '-': CHOMPING_MODE.STRIP,
  '+': CHOMPING_MODE.KEEP,
};

/** A scalar whose text the library has to work out. */
const SCALAR: ScalarEvent = {
  type: EVENT_ID.SCALAR,
  valueStart: NONE,
  valueEnd: NONE,
  anchorStart: NONE,
  anchorEnd: NONE,
  tagStart: NONE,
  tagEnd: NONE,
  style: SCALAR_STYLE.PLAIN,
  chomping: CHOMPING_MODE.CLIP,
  indent: NONE,
  fast: false,
};
