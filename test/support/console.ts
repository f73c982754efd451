/* Pages of docs that show a shell: the commands, and what they print. */

export interface Shown {
  /** The command with its here-document. */
  readonly command: string;
  /** The lines that it prints, as the page shows them; `…` stands for any lines. */
  readonly output: readonly string[];
  /** Counted from 1. */
  readonly line: number;
}

/** The pages that show one. */
export const CONSOLE_PAGES = ['docs/tutorial.md', 'docs/air-gap.md', 'docs/workflow.md'];

const PROMPT = '    $ ';

/** The commands of a page, which are indented and begin with `$ `. What follows in the same block is what they print. */
export function commandsIn(page: string): Shown[] {
  const lines = page.split('\n');
  const shown: Shown[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (!line.startsWith(PROMPT)) continue;
    const [command, next] = withHereDocument(lines, at);
    let end = next;
    while (end < lines.length && !isEnd(lines, end)) end++;
    const output = lines.slice(next, end).map((one) => one.slice(4));
    while (output.at(-1) === '') output.pop();
    shown.push({ command, output, line: at + 1 });
    at = end - 1;
  }
  return shown;
}

function withHereDocument(lines: readonly string[], at: number): [command: string, next: number] {
  const first = (lines[at] ?? '').slice(PROMPT.length);
  const mark = /<<(\w+)$/.exec(first)?.[1];
  if (mark === undefined) return [first, at + 1];
  const end = lines.indexOf(`    ${mark}`, at) + 1;
  return [[first, ...lines.slice(at + 1, end).map((one) => one.slice(4))].join('\n'), end];
}

/** A block ends at text that is not indented, and a command at the next one. */
function isEnd(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return line.startsWith(PROMPT) || (line !== '' && !line.startsWith('    '));
}

/**
 * What may differ between two runs: hashes, dates, times, and how git pads a hash. Everything else a page must show as it is.
 */
export function comparable(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{7,64}\b/g, '#')
    .replaceAll(/\b\d{4}-\d\d-\d\d\b/g, 'DATE')
    .replaceAll(/^Date: .*$/gm, 'Date: …')
    .replaceAll(/\b\d+\.\d s\b/g, 'TIME')
    .trimEnd();
}

/** Whether lines are as a page shows them. */
export function fits(printed: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return printed.length === 0;
  if (first !== '…') return first === printed[0] && fits(printed.slice(1), rest);
  for (let skip = 0; skip <= printed.length; skip++) if (fits(printed.slice(skip), rest)) return true;
  return false;
}
