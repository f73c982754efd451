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

/** The text of a scalar of a unified source. */
export function scalarText(source: string, event: ScalarEvent, separators: string): string {
  const written = source.slice(event.valueStart, event.valueEnd);
  const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
  const isSeparated = separators !== '' && written.includes('\r');
  if (!isBlock && !isSeparated) return getScalarValue(source, event);
  const raw = isSeparated ? withSeparators(written, separators, source.slice(0, event.valueStart)) : written;
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

function withSeparators(written: string, separators: string, before: string): string {
  let next = before.split('\r').length - 1;
  return written.replace(/\r/g, () => separators.charAt(next++));
}

/** One LF between lines is a space; of several the first goes; a separator stays (libyaml's folding of flow scalars). */
function foldLines(raw: string, write: (breaks: string) => string): string {
  return raw.replace(/((?:^|[^\\])(?:\\\\)*\\)?[ \t]*((?:[\n\u2028\u2029][ \t]*)+)/g, (gap, escaped, lines: string) => {
    if (escaped !== undefined) return gap as string;
    const breaks = lines.replace(/[ \t]+/g, '');
    if (!breaks.startsWith('\n')) return write(breaks);
    return breaks.length === 1 ? ' ' : write(breaks.slice(1));
  });
}

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
