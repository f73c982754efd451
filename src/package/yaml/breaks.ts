/**
 * Line breaks as libyaml has them: besides CR and LF also U+0085, U+2028 and U+2029. The last two stay in a text where they
 * break a line, while all others count as LF (YAML 1.1, section 5.4).
 */

import { CHOMPING_MODE, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

/**
 * A text whose only line breaks are LF and, for each separator (U+2028, U+2029), CR; and these separators in their order. js-yaml
 * takes both for breaks, and no position in the text depends on which it is.
 */
export interface UnifiedText {
  readonly text: string;
  readonly separators: string;
}

export function unifyBreaks(text: string): UnifiedText {
  if (!/[\r\x85\u2028\u2029]/.test(text)) return { text, separators: '' };
  const lines = text.replace(/\r\n?|\x85/g, '\n');
  const separators = lines.replace(/[^\u2028\u2029]+/g, '');
  // A space between keeps CR and LF from being one break.
  return { text: lines.replace(/[\u2028\u2029](?=\n)/g, '\r ').replace(/[\u2028\u2029]/g, '\r'), separators };
}

/** The separators of a text, and how many of them stand before a place. */
export interface Separators {
  readonly separators: string;
  before(position: number): number;
}

/** The separators of a unified source. Positions may be asked for in any order; rising ones are cheap. */
export function separatorsOf({ text, separators }: UnifiedText): Separators {
  let [known, count] = [0, 0];
  return {
    separators,
    before: (position) => {
      if (position < known) [known, count] = [0, 0];
      for (let at = text.indexOf('\r', known); at !== -1 && at < position; at = text.indexOf('\r', at + 1)) count++;
      known = position;
      return count;
    },
  };
}

/** The text of a scalar of a unified source; without `separators`, where it has none. */
export function scalarText(source: string, event: ScalarEvent, separators?: Separators): string {
  const written = source.slice(event.valueStart, event.valueEnd);
  const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
  const isSeparated = separators !== undefined && written.includes('\r');
  if (!isBlock && !isSeparated) return getScalarValue(source, event);
  const raw = isSeparated ? withSeparators(written, separators, event.valueStart) : written;
  if (isBlock) return blockText(raw, event);
  if (event.style === SCALAR_STYLE.PLAIN) return foldLines(raw, (breaks) => breaks);
  const isDouble = event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  if (!isDouble) return foldLines(raw, (breaks) => breaks).replaceAll("''", "'");
  const folded = foldLines(raw, (breaks) => [...breaks].map((one) => ESCAPES.get(one) ?? one).join(''));
  return getScalarValue(folded, { ...event, valueStart: 0, valueEnd: folded.length, fast: false });
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\u2028', '\\L'],
  ['\u2029', '\\P'],
]);

function withSeparators(written: string, { separators, before }: Separators, start: number): string {
  let next = before(start);
  return written.replace(/\r/g, () => separators.charAt(next++));
}

/** One LF between lines is a space; of several the first goes; a separator stays (libyaml's folding of flow scalars). */
function foldLines(raw: string, write: (breaks: string) => string): string {
  const [first = '', ...rest] = raw.split(/([\n\u2028\u2029])/);
  const parts: string[] = [];
  let text = first;
  for (let i = 0; i < rest.length; i += 2) {
    let breaks = rest[i] ?? '';
    let gap = breaks;
    while (i + 2 < rest.length && isBlank(rest[i + 1] ?? '')) {
      gap += `${rest[i + 1] ?? ''}${rest[i + 2] ?? ''}`;
      breaks += rest[i + 2] ?? '';
      i += 2;
    }
    const next = rest[i + 1] ?? '';
    const end = endOfText(text);
    const isKept = isEscaped(text, end);
    parts.push(isKept ? text + gap : text.slice(0, end) + foldedBreaks(breaks, write));
    text = isKept ? next : next.slice(startOfText(next));
  }
  return parts.join('') + text;
}

function foldedBreaks(breaks: string, write: (breaks: string) => string): string {
  if (!breaks.startsWith('\n')) return write(breaks);
  return breaks.length === 1 ? ' ' : write(breaks.slice(1));
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, end: number): boolean {
  let at = end;
  while (text.charAt(at - 1) === '\\') at--;
  return (end - at) % 2 === 1;
}

function isBlank(text: string): boolean {
  return startOfText(text) === text.length;
}

/* Loops, since a pattern for blanks before an end takes quadratic time. */

function startOfText(text: string): number {
  let at = 0;
  while (BLANKS.has(text.charAt(at))) at++;
  return at;
}

function endOfText(text: string): number {
  let at = text.length;
  while (BLANKS.has(text.charAt(at - 1))) at--;
  return at;
}

const BLANKS: ReadonlySet<string> = new Set([' ', '\t']);

/** A block scalar. Where its last line ends with the text, without a break, it has none (contract, section 6). */
function blockText(raw: string, { indent, chomping, style }: ScalarEvent): string {
  const isFolded = style === SCALAR_STYLE.FOLDED_BLOCK;
  let result = '';
  let breakBefore = '';
  let emptyLines = '';
  let wasBlank = false;
  for (const [, line = '', lineBreak = ''] of raw.matchAll(/([^\n\u2028\u2029]*)([\n\u2028\u2029]|$)/g)) {
    const spaces = /^ */.exec(line)?.[0].length ?? 0;
    if (indent < 0 || (spaces === line.length && spaces <= indent)) {
      emptyLines += lineBreak;
      continue;
    }
    const content = line.slice(indent);
    const isBlank = /^[ \t]/.test(content);
    const isJoined = isFolded && breakBefore.startsWith('\n') && !wasBlank && !isBlank;
    result += (isJoined ? (emptyLines === '' ? ' ' : '') : breakBefore) + emptyLines + content;
    [breakBefore, emptyLines, wasBlank] = [lineBreak, '', isBlank];
  }
  if (chomping === CHOMPING_MODE.STRIP) return result;
  return result + breakBefore + (chomping === CHOMPING_MODE.KEEP ? emptyLines : '');
}
