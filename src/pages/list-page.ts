import { html, trusted } from './html.ts';
import type { Html } from './html.ts';
import { packageFiles } from './package-files.ts';
import type { ListItem, PackageFacts } from './package-facts.ts';
import { counted, packageFolder, pageOf, SCRIPT } from './shell.ts';
import type { Page } from './shell.ts';
import { iconOf, newestOf, textIn } from './values.ts';

/*
 * The list of all packages, and the form that filters it, which shows itself where scripts run.
 */

/** A package in the list. */
export function listItem(facts: PackageFacts): ListItem {
  const { name, index } = facts;
  const newest = newestOf(facts);
  const title = textIn(index, 'title') ?? name;
  const icon = iconOf(facts, packageFiles({ name, version: newest.version, files: facts.files }, '../'));
  const categories = categoriesOf(facts).map((id) => facts.categories.get(id) ?? id);
  const item = html`<li id="${name}">
    <a href="${packageFolder(name)}"
      >${icon === undefined ? html`<i></i>` : html`<img src="${icon}" alt="" width="32" height="32" loading="lazy" />`}<b
        >${title}</b
      ></a
    >
    <p>${cut(textIn(index, 'description') ?? '')}</p>
    <small
      ><b>${newest.version}</b>
      <span>${newest.layer}${newest.kibana !== undefined && html` · Kibana ${newest.kibana}`}</span
      >${categories.length > 0 && html` · ${categories.join(', ')}`}${index['deprecated'] !== undefined && ' · deprecated'}</small
    >
  </li> `;
  return { name, title, html: item.html };
}

/** Ids of the categories of the newest revision. */
function categoriesOf({ index }: PackageFacts): string[] {
  const found = index['categories'];
  return Array.isArray(found) ? found.map(String) : [];
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).trimEnd()}…` : text;
}

/** Characters of a description in the list. */
const LONGEST = 110;

export interface ListFacts {
  readonly distribution: string;
  readonly items: readonly ListItem[];
  readonly revisions: number;
  /** The categories that can be chosen. */
  readonly categories: readonly { readonly id: string; readonly title: string }[];
  readonly types: readonly string[];
}

/** The page with all packages, sorted by title. */
export function listPage({ distribution, items, revisions, categories, types }: ListFacts): Page {
  const sorted = [...items].sort((a, b) => compareTitles(a.title, b.title) || compareTitles(a.name, b.name));
  const intro =
    items.length === 0
      ? 'This registry has no packages yet.'
      : `${counted(items.length, 'package')} in ${counted(revisions, 'version')}.`;
  return pageOf({
    path: 'index.html',
    title: `${distribution} packages`,
    distribution,
    head: html`<script src="${SCRIPT}" defer></script> `,
    body: html`<h1>Packages of ${distribution}</h1>
      <p>${intro} <span id="shown" role="status"></span></p>
      ${form(categories, types)}
      <ul class="packages" id="packages">
        ${sorted.map((item) => trusted(item.html))}
      </ul>`,
  });
}

function option(value: string, text: string): Html {
  return html`<option value="${value}">${text}</option>`;
}

function form(categories: ListFacts['categories'], types: readonly string[]): Html {
  return html`<form id="filter" method="get" hidden>
    <label>Search <input type="search" name="q" autocomplete="off" spellcheck="false" /></label>
    <label
      >Kibana
      <input name="kibana" placeholder="8.19.0" size="10" autocomplete="off" spellcheck="false" inputmode="decimal"
    /></label>
    <label
      >Category
      <select name="category">
        ${option('', 'All')}${categories.map(({ id, title }) => option(id, title))}
      </select></label
    >
    <label
      >Type
      <select name="type">
        ${option('', 'All')}${types.map((type) => option(type, type))}
      </select></label
    >
    <label
      >Sort
      <select name="sort">
        ${option('', 'By title')}${option('name', 'By name')}
      </select></label
    >
    <label class="box"><input type="checkbox" name="stable" value="true" /> No pre-releases</label>
    <button type="reset">Clear</button>
  </form>`;
}

/** As people sort: letters first, capitals as small ones; the same on every machine. */
function compareTitles(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}
