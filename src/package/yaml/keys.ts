import { COLLECTION_STYLE, EVENT_ID, type Event, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

/*
 * Keys that js-yaml takes and libyaml refuses (docs/contract.md section 6): without `?`, a key and its colon stand in one line and
 * within 1,024 characters, and something stands before the colon. Plain texts between brackets have rules of their own, too.
 */

/** What is wrong with a key, and where. */
export interface KeyFault {
  readonly reason: string;
  readonly position: number;
}

/** Follows the events of a text, one after the other. */
export class KeyRules {
  readonly #source: string;
  /** Of each open collection, and of the document, whether it is in brackets. */
  readonly #isFlow: boolean[] = [];
  /** Where the last token ends. */
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** What is wrong with the next event. */
  faultOf(event: Event, isKey: boolean): KeyFault | undefined {
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.#scalarFault(event, isKey);
      case EVENT_ID.ALIAS:
        this.#at = event.anchorEnd;
        return isKey ? this.#implicitFault(event.anchorStart - 1) : undefined;
      case EVENT_ID.POP:
        this.#isFlow.pop();
        return undefined;
      case EVENT_ID.DOCUMENT:
        this.#isFlow.push(false);
        return undefined;
      default:
        this.#isFlow.push(event.style === COLLECTION_STYLE.FLOW);
        this.#at = Math.max(this.#at, event.start, event.anchorEnd, event.tagEnd);
        if (/[[{]/.test(this.#source.charAt(this.#at))) this.#at++;
        return undefined;
    }
  }

  #scalarFault(event: ScalarEvent, isKey: boolean): KeyFault | undefined {
    const { valueStart, anchorStart, tagStart, style } = event;
    const quote = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
    const starts = [valueStart - quote, anchorStart - 1, tagStart].filter((start) => start >= 0);
    if (starts.length === 0) return this.#emptyFault(isKey);
    const start = Math.min(...starts);
    this.#at = Math.max(event.valueEnd + quote, event.anchorEnd, event.tagEnd);
    if (style === SCALAR_STYLE.PLAIN && this.#isFlow.at(-1) === true && this.#hasMark(event))
      return { reason: 'a : or ? in a text without quotes between brackets', position: start };
    return isKey && !isBlock(style) ? this.#implicitFault(start) : undefined;
  }

  /** Between brackets a `?` ends a plain text, a `:` can't begin one, and none is a key with a bracket right behind its colon. */
  #hasMark({ valueStart, valueEnd }: ScalarEvent): boolean {
    const text = this.#source.slice(valueStart, valueEnd);
    return text.startsWith(':') || text.includes('?', 1) || endOf(COLON_BRACKET, this.#source, valueEnd) !== valueEnd;
  }

  /** A key that isn't there needs a `?`. */
  #emptyFault(isKey: boolean): KeyFault | undefined {
    const next = endOf(isKey ? BETWEEN : GAP, this.#source, this.#at);
    this.#at = next; // so that nothing is looked through twice
    if (this.#source[next] !== ':') return undefined;
    if (isKey) return { reason: NO_KEY, position: next };
    this.#at = next + 1;
    return undefined;
  }

  /** A key that starts at `start` and ends where we are. */
  #implicitFault(start: number): KeyFault | undefined {
    const colon = endOf(GAP, this.#source, this.#at);
    if (this.#source[colon] !== ':') return undefined;
    const key = this.#source.slice(start, colon);
    if (!/[\r\n]/.test(key) && !isTooLong(key)) return undefined;
    const mark = this.#source.lastIndexOf('?', start - 1);
    const isExplicit = mark >= 0 && endOf(GAP, this.#source, mark + 1) === start;
    return isExplicit ? undefined : { reason: FAR, position: start };
  }
}

/** A block scalar is a key only behind a `?`. */
function isBlock(style: ScalarEvent['style']): boolean {
  return style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
}

/** Whether a key and the spaces behind it are longer than libyaml looks. */
export function isTooLong(key: string): boolean {
  return key.length > MOST_CHARACTERS && [...key].length > MOST_CHARACTERS;
}

const MOST_CHARACTERS = 1024;
const NO_KEY = 'a colon without a key';
const FAR = 'a key that ends in another line, or more than 1,024 characters from its start';
const COLON_BRACKET = / *:[[{]/y;
/** Space and comments. */
const GAP = /(?:[ \t\r\n]|#[^\n]*)*/y;
/** What may stand between a value and the next key. */
const BETWEEN = /(?:[ \t\r\n,\]}]|-(?=[ \t\r\n])|---(?=[ \t\r\n])|[#%][^\n]*)*/y;

function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}
