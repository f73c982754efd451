import type { Budget } from './budget.ts';
import { Cursor } from './cursor.ts';
import { isTooLong } from './keys.ts';
import { resolvePlain } from './scalars.ts';
import { type Fields, noFields, type Value } from './values.ts';

/*
 * The part of the plain YAML (`plain.ts`) that stands in brackets and braces.
 */

/** Is thrown where a text is not plain: then the full parser reads it. */
export const NOT_PLAIN = new Error('not plain YAML');

/** From the end of a line to the text of the next that has any, which is no comment. */
export const NEXT_TEXT = / *\n(?: *\n)* *(?=[^ \n#])/y;
/** Codes of `"` and `'`. */
export const QUOTES: ReadonlySet<number> = new Set([34, 39]);
const LF = 10;
/** A plain scalar in a flow collection. */
const FLOW_WORD = /[A-Za-z0-9_./][\w./@*+-]*(?: +[\w./@*+-]+)*(?= *[\n,\]}]| *:[ \n])/y;
const FLOW_QUOTED = /'[^'\n]*'(?!')|"[^"\\\n]*"/y;
const COLON_BEHIND_QUOTE = / *:/y;
const COLON_BEHIND_WORD = / *:(?=[ \n])/y;
/** Collections in each other: more than any package has, and well below what the full parser takes. */
const DEEPEST = 60;

/** Reads flow collections. */
export class FlowReader extends Cursor {
  readonly budget: Budget;
  #depth = 0;

  constructor(text: string, budget: Budget) {
    super(text);
    this.budget = budget;
  }

  /** Goes into a collection, which `leave` ends. */
  enter(): void {
    if (++this.#depth > DEEPEST) throw NOT_PLAIN;
  }

  leave(): void {
    this.#depth--;
  }

  /** A flow collection, whose lines are all indented deeper than `indent`. */
  flow(indent: number): Fields | readonly Value[] {
    this.enter();
    const value: Value[] | Record<string, Value> = this.text.charAt(this.at++) === '[' ? [] : noFields();
    const end = Array.isArray(value) ? ']' : '}';
    for (let next = this.#flowChar(indent); next !== end; next = this.#flowChar(indent)) {
      if (Array.isArray(value)) value.push(this.#flowValue(indent));
      else this.#flowEntry(value, indent);
      const behind = this.#flowChar(indent);
      if (behind === ',') this.at++;
      else if (behind !== end) throw NOT_PLAIN;
    }
    this.at++;
    this.leave();
    return value;
  }

  #flowEntry(fields: Record<string, Value>, indent: number): void {
    const start = this.at;
    const isQuoted = QUOTES.has(this.text.charCodeAt(this.at));
    const key = this.#flowScalar();
    if (typeof key !== 'string' || !this.skip(isQuoted ? COLON_BEHIND_QUOTE : COLON_BEHIND_WORD)) throw NOT_PLAIN;
    if (isTooLong(this.text.slice(start, this.at - 1))) throw NOT_PLAIN;
    this.#flowChar(indent);
    fields[key] = this.#flowValue(indent);
  }

  #flowValue(indent: number): Value {
    this.budget.take(1, 0);
    const char = this.text.charAt(this.at);
    return char === '[' || char === '{' ? this.flow(indent) : this.#flowScalar();
  }

  #flowScalar(): Value {
    const start = this.at;
    if (this.skip(FLOW_QUOTED)) return this.text.slice(start + 1, this.at - 1);
    if (!this.skip(FLOW_WORD)) throw NOT_PLAIN;
    return resolvePlain(this.text.slice(start, this.at));
  }

  /** Goes to the next token of a flow collection; its first character. */
  #flowChar(indent: number): string {
    this.skipSpaces();
    if (this.text.charCodeAt(this.at) === LF) {
      this.skip(NEXT_TEXT);
      if (this.column() <= indent) throw NOT_PLAIN;
    }
    return this.text.charAt(this.at);
  }
}
