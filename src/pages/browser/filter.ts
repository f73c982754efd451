import type { Columns } from '../../core/columns.ts';
import { bytesOf, chosenVersions } from './choose.ts';

/*
 * The script of the list: it shows the form, and hides the packages that the form leaves out. The address holds what the form asks.
 */

/** A package in the list. */
interface Row {
  readonly element: HTMLElement;
  /** Shows the version. */
  readonly version: HTMLElement | null;
  /** What is said of the newest version alone. */
  readonly ofNewest: HTMLElement | null;
  readonly newest: string;
  readonly text: string;
}

/** The parts of the page. */
interface List {
  readonly form: HTMLFormElement;
  readonly packages: Element;
  /** Says how many packages are shown. */
  readonly count: Element;
  readonly rows: readonly Row[];
}

const form = document.querySelector<HTMLFormElement>('#filter');
const packages = document.querySelector('#packages');
const count = document.querySelector('#shown');
if (form && packages && count) start({ form, packages, count, rows: rowsOf(packages) });

function rowsOf(list: Element): Row[] {
  return Array.from(list.querySelectorAll<HTMLElement>('li')).map((element) => {
    const version = element.querySelector<HTMLElement>('small b');
    const ofNewest = element.querySelector<HTMLElement>('small span');
    return {
      element,
      version,
      ofNewest,
      newest: version?.textContent ?? '',
      text: (element.textContent ?? '').toLowerCase(),
    };
  });
}

function start(list: List): void {
  let columns: Promise<Columns> | undefined;
  let turn = 0;
  const update = async (): Promise<void> => {
    const own = ++turn;
    const asked = askedOf(list.form);
    const isOfIndex = ['kibana', 'category', 'type', 'stable'].some((name) => asked.has(name));
    const loaded = isOfIndex ? await (columns ??= load()) : undefined;
    if (own === turn) show(list, asked, loaded);
  };
  const changed = (): void => {
    const asked = askedOf(list.form).toString();
    history.replaceState(undefined, '', asked === '' ? location.pathname : `?${asked}`);
    void update();
  };
  fill(list.form, new URLSearchParams(location.search));
  list.form.hidden = false;
  list.form.addEventListener('input', changed);
  list.form.addEventListener('reset', () => setTimeout(changed));
  list.form.addEventListener('submit', (event) => event.preventDefault());
  void update();
}

/** Shows what is asked. Without columns, nothing is asked that only they can tell. */
function show(list: List, asked: URLSearchParams, columns: Columns | undefined): void {
  const text = (name: string): string => asked.get(name) ?? '';
  const filter = {
    kibana: bytesOf(text('kibana')),
    category: bytesOf(text('category')),
    type: bytesOf(text('type')),
    isStable: asked.has('stable'),
  };
  const versions = columns && chosenVersions(columns, filter);
  const isWrong = columns !== undefined && versions === undefined;
  list.form.querySelector('[name=kibana]')?.setAttribute('aria-invalid', String(isWrong));
  const words = wordsOf(text('q'));
  let visible = 0;
  for (const { element, version, ofNewest, newest, text: own } of list.rows) {
    const got = versions ? versions.get(element.id) : newest;
    element.hidden = got === undefined || !words.every((word) => own.includes(word));
    if (!element.hidden) visible++;
    if (version && got !== undefined) version.textContent = got;
    if (ofNewest) ofNewest.hidden = got !== newest;
  }
  const isAll = visible === list.rows.length;
  list.count.textContent = isWrong ? 'That is no version of Kibana.' : isAll ? '' : `${visible} shown.`;
  sort(list, text('sort') === 'name');
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function sort({ packages: parent, rows }: List, isByName: boolean): void {
  const order = isByName ? rows.toSorted((a, b) => (a.element.id < b.element.id ? -1 : 1)) : rows;
  if (order.some(({ element }, i) => parent.children[i] !== element))
    parent.append(...order.map(({ element }) => element));
}

/** What the form asks, without what it leaves open. */
function askedOf(filter: HTMLFormElement): URLSearchParams {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(filter))
    if (typeof value === 'string' && value.trim() !== '') asked.append(name, value.trim());
  return asked;
}

function fill(filter: HTMLFormElement, asked: URLSearchParams): void {
  for (const [name, value] of asked) {
    const field = filter.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === 'checkbox') field.checked = value === field.value;
    else if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
  }
}

async function load(): Promise<Columns> {
  const response = await fetch('columns.json');
  if (!response.ok) throw new Error(`columns.json: ${response.status}`);
  return (await response.json()) as Columns;
}
