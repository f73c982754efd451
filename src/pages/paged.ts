import { html, render, trusted } from './html.ts';
import type { Content, Html } from './html.ts';
import { pageOf } from './shell.ts';
import type { Page } from './shell.ts';

/*
 * Long matter on several pages, so that each loads quickly.
 */

/** Bytes of the contents of a page; with what surrounds them it stays below 100 kB. */
const MOST = 84_000;

/**
 * The blocks in groups that each fit on a page. A block that fits on none is replaced. A group goes on under the headings that its first
 * block stands below.
 */
export function grouped(blocks: readonly Html[], instead: () => Html): Html[][] {
  const groups: Html[][] = [[]];
  let used = 0;
  let above: readonly Heading[] = [];
  for (const block of blocks) {
    const own = Buffer.byteLength(block.html) > MOST ? instead() : block;
    const bytes = Buffer.byteLength(own.html);
    if (used + bytes > MOST) {
      const level = Number(/^\s*<h([3-6])/.exec(own.html)?.[1] ?? 7);
      groups.push(above.filter((one) => one.level < level).map(continued));
      used = 0;
    }
    groups.at(-1)?.push(own);
    used += bytes;
    above = headingsAfter(above, own);
  }
  return groups;
}

interface Heading {
  readonly level: number;
  /** HTML. */
  readonly text: string;
}

/** The headings that what follows a block stands below, from the highest to the lowest. */
function headingsAfter(before: readonly Heading[], { html: text }: Html): readonly Heading[] {
  let above = before;
  for (const [, level, inner = ''] of text.matchAll(/<h([3-6])\b[^>]*>([^]*?)<\/h\1>/g)) {
    const own = { level: Number(level), text: inner };
    above = [...above.filter((one) => one.level < own.level), own];
  }
  return above;
}

/** A heading on a page where its matter goes on; a long one only says so. */
function continued({ level, text }: Heading): Html {
  const shown = text.length > LONGEST_HEADING ? '…' : text;
  return trusted(`<h${level}>${shown} (continued)</h${level}>`);
}

const LONGEST_HEADING = 300;

export interface PagedContent {
  /** The path of the first page, such as `nginx/fields.html`. */
  readonly path: string;
  readonly title: string;
  readonly distribution: string;
  /** More for the head. */
  readonly head?: Content;
  /** Stands on each page above the blocks. */
  readonly top: Content;
  readonly blocks: readonly Html[];
  /** Takes the place of a block that is too large. */
  instead(): Html;
}

/** Pages with blocks, each with links to the others. */
export function pagesOf({ path, title, distribution, head, top, blocks, instead }: PagedContent): Page[] {
  const groups = grouped(blocks, instead);
  const paths = groups.map((_, i) => (i === 0 ? path : path.replace(/\.html$/, `-${i + 1}.html`)));
  return groups.map((group, i) => {
    const links = groups.length > 1 && pageLinks(paths, i);
    const named = i === 0 ? title : `${title}, page ${i + 1}`;
    return pageOf({
      path: paths[i] ?? path,
      title: named,
      distribution,
      head,
      body: html`${top}${links}${group}${links}`,
    });
  });
}

function pageLinks(paths: readonly string[], current: number): Html {
  const links = paths.map((path, i) =>
    i === current
      ? html`<li><b aria-current="page">${i + 1}</b></li>`
      : html`<li><a href="${path.slice(path.lastIndexOf('/') + 1)}">${i + 1}</a></li>`,
  );
  return html`<div class="paging">
    <span>Page</span>
    <ol>
      ${links}
    </ol>
  </div>`;
}

/** Rows of a table in some tables, so that none is too large for a page. */
export function tables(head: readonly string[], rows: readonly Html[], label: string): Html[] {
  const found: Html[] = [];
  let waiting: Html[] = [];
  let used = 0;
  const close = (): void => {
    const cells = head.map((title) => html`<th scope="col">${title}</th>`);
    found.push(
      html`<div class="wide" tabindex="0" role="group" aria-label="${label}">
        <table>
          <thead>
            <tr>
              ${cells}
            </tr>
          </thead>
          <tbody>
            ${waiting}
          </tbody>
        </table>
      </div>`,
    );
    [waiting, used] = [[], 0];
  };
  for (const row of rows) {
    if (used > TABLE) close();
    waiting.push(row);
    used += render(row).length;
  }
  if (waiting.length > 0) close();
  return found;
}

/** Characters of the rows of one table. */
const TABLE = 24_000;
