import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';
import { html, trusted } from './html.ts';
import type { Html } from './html.ts';
import type { PackageFiles } from './package-files.ts';

/*
 * A package's Markdown as HTML. HTML in it is shown as text. Images come from the package alone, and links lead to http, https, a
 * heading of the text, or a file of the package that a browser shows without running it.
 */

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
// What a link may name is decided below. By itself, the renderer would show what it refuses as it is written.
markdown.validateLink = () => true;

/** Characters of a text that are rendered. The longest readme of Elastic's old storage has 505,000. As many characters of `![` take 1.4 s. */
export const LONGEST_MARKDOWN = 600_000;

export interface MarkdownSource {
  readonly text: string;
  readonly files: PackageFiles;
  /** The folder in the package that references are relative to. */
  readonly folder: string;
  /** The level of the headings below which the text stands. */
  readonly level: number;
  /** Begins the ids of headings. */
  readonly prefix: string;
}

/** Renders a text to blocks that can stand on different pages. */
export function markdownBlocks({ text, ...source }: MarkdownSource): Html[] {
  const tokens = markdown.parse(text.slice(0, LONGEST_MARKDOWN), {});
  const ids = placeHeadings(tokens, source);
  for (const token of tokens) {
    if (token.children) makeSafe(token.children, { ...source, ids });
    if (token.type === 'th_open' || token.type === 'td_open') token.attrs = null; // styles, which the policy forbids
  }
  return topBlocks(tokens).flatMap((block) =>
    block[0]?.type === 'table_open' ? tableBlocks(block) : [rendered(block)],
  );
}

function rendered(tokens: Token[]): Html {
  return trusted(markdown.renderer.render(tokens, markdown.options, {}));
}

/** Gives headings ids and levels without a gap. Returns the ids. */
function placeHeadings(
  tokens: readonly Token[],
  { level, prefix }: Pick<MarkdownSource, 'level' | 'prefix'>,
): Set<string> {
  const ids = new Set<string>();
  const nextOf = new Map<string, number>();
  const above: number[] = [];
  let depth = level;
  for (const [i, token] of tokens.entries()) {
    if (token.type !== 'heading_open' && token.type !== 'heading_close') continue;
    if (token.type === 'heading_open') {
      const own = Number(token.tag.slice(1));
      while (above.length > 0 && (above.at(-1) ?? 0) >= own) above.pop();
      above.push(own);
      depth = level + above.length;
      const slug = slugOf(tokens[i + 1]?.content ?? '');
      let id = prefix + slug;
      let next = nextOf.get(slug) ?? 1; // equal headings are many, and must not look for a free number from the start
      while (ids.has(id)) id = `${prefix}${slug}-${next++}`;
      nextOf.set(slug, next);
      ids.add(id);
      token.attrSet('id', id);
    }
    token.tag = depth > 6 ? 'p' : `h${depth}`;
  }
  return ids;
}

/** The name of a heading in a link, as GitHub makes it. */
function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

type Safety = Omit<MarkdownSource, 'text'> & { readonly ids: ReadonlySet<string> };

/** Replaces images and links that lead anywhere else by their texts. */
function makeSafe(tokens: readonly Token[], safety: Safety): void {
  const open: boolean[] = [];
  for (const token of tokens) {
    if (token.type === 'image') placeImage(token, safety);
    else if (token.type === 'link_open') {
      const address = linkAddress(String(token.attrGet('href') ?? ''), safety);
      open.push(address !== undefined);
      token.attrs = address === undefined ? null : linkAttributes(address);
      if (address === undefined) erase(token);
    } else if (token.type === 'link_close' && open.pop() === false) erase(token);
  }
}

function erase(token: Token): void {
  Object.assign(token, { type: 'text', tag: '', content: '', attrs: null, children: null });
}

function placeImage(token: Token, { files, folder }: Safety): void {
  const address = files.image(String(token.attrGet('src') ?? ''), folder);
  if (address === undefined) {
    Object.assign(token, { type: 'text', tag: '', attrs: null, children: null });
    return;
  }
  const alt = token.content;
  token.attrs = [
    ['src', address],
    ['alt', alt],
    ['loading', 'lazy'],
  ];
}

function linkAttributes(address: string): [string, string][] {
  return /^https?:/i.test(address)
    ? [
        ['href', address],
        ['rel', 'noopener noreferrer nofollow'],
      ]
    : [['href', address]];
}

function linkAddress(written: string, { files, folder, ids, prefix }: Safety): string | undefined {
  if (/^https?:\/\/[^/]/i.test(written) && URL.canParse(written)) return written;
  if (written.startsWith('#')) {
    const id = prefix + slugOf(decoded(written.slice(1)));
    return ids.has(id) ? `#${encodeURIComponent(id)}` : undefined;
  }
  return files.passive(written, folder);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a broken escape stands for itself
  }
}

/** The tokens of each block at the top, together. */
function topBlocks(tokens: readonly Token[]): Token[][] {
  const blocks: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0) blocks.push([]);
    blocks.at(-1)?.push(token);
    depth += token.nesting;
  }
  return blocks;
}

/** A table as some of them, each with the head. */
function tableBlocks(tokens: readonly Token[]): Html[] {
  const body = tokens.findIndex(({ type }) => type === 'tbody_open');
  const head = rendered(tokens.slice(1, body < 0 ? -1 : body));
  const rows = body < 0 ? [] : rowsOf(tokens.slice(body + 1, -2));
  const groups: string[] = rows.length === 0 ? [''] : [];
  for (const row of rows) {
    const last = groups.length - 1;
    if (last >= 0 && (groups[last] as string).length < TABLE) groups[last] += row.html;
    else groups.push(row.html);
  }
  return groups.map(
    (group) =>
      html`<div class="wide" tabindex="0" role="group" aria-label="Table">
        <table>
          ${head}
          <tbody>
            ${trusted(group)}
          </tbody>
        </table>
      </div> `,
  );
}

/** Characters of the rows of one table. */
const TABLE = 24_000;

function rowsOf(tokens: readonly Token[]): Html[] {
  const rows: Token[][] = [];
  for (const token of tokens) {
    if (token.type === 'tr_open') rows.push([]);
    rows.at(-1)?.push(token);
  }
  return rows.map(rendered);
}
