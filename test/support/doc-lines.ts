import MarkdownIt from 'markdown-it';

/*
 * What a reader pastes from a document into a shell. It stands in indented blocks; everything else stands in a fence that names its
 * language.
 */

export interface ShellBlock {
  /** Counted from 1. */
  readonly line: number;
  /** The lines; those that a backslash splits are one. */
  readonly commands: readonly string[];
  /** `console` shows prompts and what is printed; `cron` holds the commands of a crontab. */
  readonly kind: 'lines' | 'console' | 'cron';
}

/** The blocks of a document that are for a shell. */
export function shellBlocks(document: string): ShellBlock[] {
  return new MarkdownIt().parse(document, {}).flatMap(({ type, info, content, map }): ShellBlock[] => {
    if (type !== 'code_block' && !(type === 'fence' && SHELLS.has(info))) return [];
    const commands = content
      .trimEnd()
      .replaceAll(/\\\n\s*/g, '')
      .split('\n');
    const line = (map?.[0] ?? 0) + 1;
    if (info === 'crontab') return [{ line, kind: 'cron', commands: commands.map((one) => one.replace(TIMES, '')) }];
    return [{ line, kind: content.startsWith('$ ') ? 'console' : 'lines', commands }];
  });
}

const SHELLS: ReadonlySet<string> = new Set(['', 'sh', 'bash', 'shell', 'console', 'crontab']);
/** The five fields before the command of a crontab. */
const TIMES = /^(\S+ +){5}/;
