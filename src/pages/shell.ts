import { html, render } from './html.ts';
import type { Content } from './html.ts';

/* What all pages share. */

export const STYLE = 'browse.css';
export const SCRIPT = 'browse.js';
export const COLUMNS = 'columns.json';
export const UPDATES = 'updates.html';
export const FEEDS = { atom: 'updates.xml', json: 'updates.json' } as const;
export const WAITING = 'waiting.html';
const ABOUT = 'about.html';

/** The folder of a package's pages, below that of all pages. */
export function packageFolder(name: string): string {
  return `${name}/`;
}

/** A page. */
export interface Page {
  /** Below the folder of all pages. */
  readonly path: string;
  readonly text: string;
}

export interface PageContent {
  readonly path: string;
  readonly title: string;
  /** The distribution, as its name is written. */
  readonly distribution: string;
  readonly body: Content;
  /** More for the head. */
  readonly head?: Content;
}

/** A whole page. Addresses are relative, so that a registry may lie below a path of a host. */
export function pageOf({ path, title, distribution, body, head }: PageContent): Page {
  const root = '../'.repeat(path.split('/').length - 1);
  const header = html`<nav aria-label="Site">
    <a class="brand" href="${root || './'}">${distribution} packages</a>
    <a href="${root}${ABOUT}">About this registry</a>
  </nav>`;
  const icon = html`<link rel="icon" href="${root}../favicon.ico" />`;
  return { path, text: documentOf({ title, style: root + STYLE, head: [icon, head], header, body }) };
}

export interface DocumentContent {
  readonly title: string;
  /** The address of the style. */
  readonly style: string;
  /** More for the head. */
  readonly head?: Content;
  readonly header: Content;
  readonly body: Content;
  /** What comes after the content. */
  readonly after?: Content;
}

/** The text of an HTML document, as all pages are framed. */
export function documentOf({ title, style, head, header, body, after }: DocumentContent): string {
  return render(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="referrer" content="same-origin" />
          <title>${title}</title>
          <link rel="stylesheet" href="${style}" />
          ${head}
        </head>
        <body>
          <a class="skip" href="#main">Skip to the content</a>
          <header class="top">${header}</header>
          <main id="main">${body}</main>
          ${after}
        </body>
      </html> `,
  );
}

/** Bytes as a person reads them: 1.2 MB. */
export function shownSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [amount, unit] = bytes < 999_500 ? [bytes / 1000, 'kB'] : [bytes / 1e6, 'MB'];
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}

/** A number with its noun: 1 version, 2 versions. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
