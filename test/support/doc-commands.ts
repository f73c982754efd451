import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';

/* The command lines of this program in a document. */

export interface DocCommand {
  /** As the document has it. */
  readonly written: string;
  /** The program and its arguments: `epr-static build --all`, `npm run docs`. */
  readonly words: readonly string[];
  /** Whether it stands in a block of code, to be pasted; in a sentence, arguments may be left out. */
  readonly isWhole: boolean;
}

/** Every command line that begins with `epr-static`, `npx epr-static` or `npm run`. */
export function docCommands(text: string): DocCommand[] {
  const tokens = new MarkdownIt().parse(text, {});
  const blocks = tokens.filter(({ type }) => type === 'code_block' || type === 'fence');
  const inline = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'code_inline');
  return [
    ...blocks.flatMap((token) => commandsOf(token, true)),
    ...inline.flatMap((token) => commandsOf(token, false)),
  ];
}

function commandsOf({ content }: Token, isWhole: boolean): DocCommand[] {
  return content
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => simpleCommands(line))
    .flatMap((words) => {
      const own = ownWords(words);
      return own === undefined ? [] : [{ written: words.join(' '), words: own, isWhole }];
    });
}

const SEPARATORS: ReadonlySet<string> = new Set(['&&', '||', '|', ';', '>', '>>', '<', '2>&1']);

/** A line as a shell splits it, without comments, redirections and quotes. */
function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  const uncommented = line.replace(/^\s*\$ /, '').replace(/(^|\s)#\s.*$/, '');
  for (const [word] of uncommented.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g))
    if (SEPARATORS.has(word)) commands.push([]);
    else commands.at(-1)?.push(word.replace(/;$/, '').replaceAll(/['"]/g, ''));
  return commands;
}

/** Undefined for a command of another program. */
function ownWords(words: readonly string[]): string[] | undefined {
  const start = words.findIndex((word) => !/^(sudo|npx|--yes|--no-install|\*\/?\d*|\*|[A-Z_]+=.*)$/.test(word));
  const own = words.slice(start);
  return start >= 0 && (own[0] === 'epr-static' || (own[0] === 'npm' && own[1] === 'run')) ? own : undefined;
}
