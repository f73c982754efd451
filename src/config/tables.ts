import { Stop } from '../errors.ts';
import { nearMatch } from '../near-match.ts';
import { lineOf } from '../line-of.ts';
import { check, readBeside } from './file.ts';
import type { ConfigPlace } from './file.ts';
import { addedCategories, writtenCategories, writtenMethods } from './schema.ts';

/** The tables of the registry. They change with its version. */
export interface Tables {
  readonly categories: readonly Category[];
  /** Input type -> ingestion method. */
  readonly ingestionMethods: Readonly<Record<string, string>>;
}

export interface Category {
  readonly id: string;
  readonly title: string;
  readonly parent?: string | undefined;
}

/** Reads the tables beside a distributions file; in place of one that isn't there, the one beside the file `shipped`. */
export async function readTables(config: ConfigPlace, shipped: string): Promise<Tables> {
  const methods = await readTable([config, shipped], 'ingestion-methods.yml');
  return {
    categories: await readCategories(config, shipped),
    ingestionMethods: check(writtenMethods, methods.value, methods.file),
  };
}

/** A list of categories takes the place of the shipped one. With a key `add`, it adds to that one. */
async function readCategories(config: ConfigPlace, shipped: string): Promise<Category[]> {
  const { value, file, text } = await readTable([config, shipped], CATEGORIES);
  if (!isAddition(value)) return join([], { added: check(writtenCategories, value, file), place: '', file, text });
  const added = check(addedCategories, value, file).add;
  const own = await readTable([shipped, shipped], CATEGORIES);
  return join(check(writtenCategories, own.value, own.file), { added, place: 'add.', file, text });
}

const CATEGORIES = 'categories.yml';

function isAddition(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The categories of a file: `place` is where its list begins, '' for its root. */
interface AddedCategories {
  readonly added: readonly Category[];
  readonly place: string;
  readonly file: string;
  readonly text: string;
}

/** Adds categories to others. Throws a `Stop` that names the line of each id that is there already, and each unknown parent. */
function join(others: readonly Category[], { added, place, file, text }: AddedCategories): Category[] {
  const all = [...others, ...added];
  const first = new Map(all.map(({ id }, i) => [id, i] as const).toReversed());
  const faults: string[] = [];
  for (const [i, { id, parent }] of added.entries()) {
    const line = (key: string): string => `line ${lineOf(text, `${place}${i}.${key}`) ?? '?'}`;
    const there = first.get(id) ?? 0;
    const where = there < others.length ? 'the table that comes with the program' : 'this file';
    if (there < others.length + i) faults.push(`${line('id')}: the category "${id}" is already in ${where}`);
    const found = parent === undefined ? undefined : all[first.get(parent) ?? -1];
    faults.push(...parentFaults(all, { id, parent, found }).map((fault) => `${line('parent')}: ${fault}`));
    if (faults.length > MOST_FAULTS) break; // each asks for the place of its line
  }
  if (faults.length > 0) throw new Stop('bad-config', `${file}:\n  ${faults.join('\n  ')}`);
  return all;
}

/** A search for a category finds the packages of its sub-categories, and of none below these. */
function parentFaults(
  all: readonly Category[],
  { id, parent, found }: Pick<Category, 'id' | 'parent'> & { readonly found: Category | undefined },
): string[] {
  if (parent === undefined) return [];
  if (!found || parent === id) {
    const others = all.flatMap((one) => (one.id === id ? [] : one.id));
    return [`there is no category "${parent}"${nearMatch(parent, others)}`];
  }
  return found.parent === undefined ? [] : [`"${parent}" is a sub-category itself, of "${found.parent}"`];
}

/** Nobody mends more at once. */
const MOST_FAULTS = 20;

interface Table {
  readonly value: unknown;
  readonly file: string;
  readonly text: string;
}

async function readTable(
  [config, shipped]: readonly [config: ConfigPlace, shipped: string],
  name: string,
): Promise<Table> {
  const found = (await readBeside(config, name)) ?? (await readBeside(shipped, name));
  return found ?? { value: undefined, file: name, text: '' };
}
