import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { html, trusted } from '#lib/pages/html';
import type { Content, Html } from '#lib/pages/html';
import { markdownBlocks } from '#lib/pages/readme';
import { documentOf } from '#lib/pages/shell';
import { CSS } from '#lib/pages/style';
import { linksOf } from './links.ts';
import { NAVIGATION, placeOf } from './navigation.ts';
import { DOCS_CSS } from './style.ts';

/** A file of the docs site. */
export interface DocsFile {
  /** In the site. */
  readonly place: string;
  readonly content: string | Buffer;
}

export const STYLE = 'docs.css';

/** The files of the docs site, from the texts of all pages by their paths in the repository. Throws an error for a link that leads nowhere. */
export function docsSite(texts: ReadonlyMap<string, string>): DocsFile[] {
  const titles = new Map([...texts].map(([path, text]) => [path, titleOf(text)]));
  const copies = new Map<string, string>();
  const pages = [...texts].map(([path, text]) => {
    const { files, copies: own } = linksOf(path);
    const body = markdownBlocks({ text, files, folder: '', level: 0, prefix: '' }).map(accessible);
    for (const [place, source] of own) copies.set(place, source);
    return { place: placeOf(path), content: pageOf(path, body, titles) };
  });
  const others = [...copies].map(([place, source]) => ({ place, content: readFileSync(source) }));
  return [...pages, ...others, { place: STYLE, content: CSS + DOCS_CSS }];
}

/** Wide code scrolls, also by the keyboard; and the corner of a table without a word is no heading. */
function accessible({ html: text }: Html): Html {
  return trusted(text.replaceAll('<pre>', '<pre tabindex="0">').replaceAll('<th></th>', '<td></td>'));
}

/** The first heading of a page, as a plain text. */
function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? '';
}

function pageOf(path: string, body: Content, titles: ReadonlyMap<string, string>): string {
  const here = posix.dirname(placeOf(path));
  const to = (place: string): string => posix.relative(here, place);
  const title = titles.get(path) ?? '';
  return documentOf({
    title: title === 'epr-static' ? title : `${title} · epr-static`,
    style: to(STYLE),
    header: html`<nav aria-label="Site">
      <a class="brand" href="${to('index.html')}">epr-static</a>
      <a class="jump" href="#pages">All pages</a>
    </nav>`,
    body,
    after: html`<nav class="docs" id="pages" aria-label="Pages">
      ${NAVIGATION.map(
        (group) =>
          html`<h2>${group.title}</h2>
            <ul>
              ${group.pages.map((one) => {
                const current = one === path ? html` aria-current="page"` : '';
                return html`<li><a href="${to(placeOf(one))}" ${current}>${LABELS[one] ?? titles.get(one)}</a></li> `;
              })}
            </ul> `,
      )}
    </nav>`,
  });
}

/** Names in the navigation that differ from the pages' titles. */
const LABELS: Readonly<Record<string, string>> = { 'README.md': 'Overview' };
