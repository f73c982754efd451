import { randomBytes } from 'node:crypto';

/*
 * What a terminal gets. Lines are made of our own words and of texts of storages, so the control characters of a whole line become
 * escapes at the end, when it is printed. Colours are marks until then, with a part that no storage can know.
 */

/** Functions that colour a text, if the stream has colours. */
export type Colors = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

/** The codes that begin and end a colour (ECMA-48, SGR). */
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

const SECRET = randomBytes(8).toString('hex');
const MARK = new RegExp(`<${SECRET} (\\d+)>`);

function mark(code: number): string {
  return `<${SECRET} ${code}>`;
}

/** Colours as marks, or none. */
export function colors(hasColors: boolean): Colors {
  const painted = (color: keyof typeof CODES) => (text: string) =>
    hasColors ? `${mark(CODES[color][0])}${text}${mark(CODES[color][1])}` : text;
  return {
    bold: painted('bold'),
    dim: painted('dim'),
    red: painted('red'),
    green: painted('green'),
    yellow: painted('yellow'),
  };
}

/** A line as the terminal gets it. */
export function terminalLine(line: string): string {
  return line
    .split(MARK)
    .map((part, i) => (i % 2 === 1 ? `\x1b[${part}m` : visible(part)))
    .join('');
}

/** Text whose control characters a terminal must not obey, each as an escape of JavaScript. */
export function visible(text: string): string {
  return text.replaceAll(CONTROL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(code);
  });
}

/** The same of a text of JSON, which stays equal JSON. */
export function visibleJson(text: string): string {
  return text.replaceAll(CONTROL, (character) =>
    character === '\n' ? character : unicodeEscape(character.codePointAt(0) ?? 0),
  );
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Those of C0 and C1, the ones that turn the direction of writing, and those that break lines. */
const CONTROL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
