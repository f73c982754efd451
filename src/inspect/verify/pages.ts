import { isDeepStrictEqual } from 'node:util';
import { queryFacts, templateOnlyCategories } from '../../build/entry.ts';
import type { CategoryTree } from '../../build/entry.ts';
import type { QueryFacts } from '../../build/index-files.ts';
import { DATA_STREAM_KEYS, pick, TEMPLATE_KEYS } from '../../build/render.ts';
import type { Constraint } from '../../core/constraint.ts';
import type { Facts } from '../../core/columns.ts';
import { compileConstraint } from '../../package/constraint-compile.ts';
import { objects } from '../../package/rules.ts';
import type { Json, JsonObject } from '../../tree/json.ts';

/*
 * Compares what the index of a package (its page) says with its summary (its row), and with what queries ask (the columns).
 */

/** What the index of a site holds of a revision. */
export interface IndexedView {
  readonly version: string;
  /** What queries ask, as texts. */
  readonly profile: Facts<string> & { readonly kibana?: Constraint; readonly agent?: Constraint };
  /** Its summary, as an answer has it. */
  readonly row: string;
  /** Its summaries for categories that only policy templates list, by category. */
  readonly variants: readonly (readonly [category: string, summary: string])[];
}

/** A rendered object: its value, and each of its members as it is written. */
export interface Rendered {
  readonly value: JsonObject;
  readonly members: ReadonlyMap<string, string>;
}

/** What is at odds with a page, by the file that it is in. In words. */
export interface IndexFaults {
  readonly row: readonly string[];
  readonly columns: readonly string[];
}

/** Reads a page. Undefined where the text is none. */
export function readPage(text: string): Rendered | undefined {
  return text.endsWith('\n') ? readObject(text.slice(0, -1), '') : undefined;
}

/** Compares the page of a revision with what the index of the site holds of it. */
export function indexFaults(page: Rendered, view: IndexedView, categories: CategoryTree): IndexFaults {
  const facts = factsOf(page.value);
  const row = readRow(view.row);
  const columns = isDeepStrictEqual(profileOf(facts), view.profile) ? [] : ['give queries other facts than'];
  if (!row) return { row: ['has no summary that agrees with'], columns };
  const variants = variantFaults(row, view.variants, templateOnlyCategories(facts, categories));
  return { row: [...rowFaults(row, page), ...variants], columns };
}

function readRow(text: string): Rendered | undefined {
  return text.startsWith(ROW) ? readObject(text.slice(ROW.length), ROW) : undefined;
}

/** The indent at which a row stands. */
const ROW = '  ';

/** Nothing that is nested begins a line at the indent of a member. */
function readObject(text: string, indent: string): Rendered | undefined {
  const end = `\n${indent}}`;
  if (!text.startsWith('{') || !text.endsWith(end)) return undefined;
  const parts = text.slice(1, -end.length).split(`\n${indent}  "`).slice(1);
  const members = parts.map((part, i): [string, string] => {
    const colon = part.indexOf('": ');
    const value = part.slice(colon, i === parts.length - 1 ? undefined : -1);
    return [part.slice(0, colon), value.replaceAll(`\n${indent}`, '\n')];
  });
  try {
    return { value: JSON.parse(text) as JsonObject, members: new Map(members) };
  } catch {
    return undefined; // no JSON
  }
}

function factsOf(page: JsonObject): QueryFacts {
  const categories = (page['categories'] ?? []) as readonly string[];
  return queryFacts({ manifest: page, release: String(page['release']) }, categories);
}

function profileOf({ kibana, agent, ...facts }: QueryFacts): object {
  return {
    ...facts,
    ...(kibana !== undefined && { kibana: compileConstraint(kibana) }),
    ...(agent !== undefined && { agent: compileConstraint(agent) }),
  };
}

/** The members of a page that no summary has. */
const ONLY_IN_PAGES = new Set([
  'format_version',
  'readme',
  'license',
  'screenshots',
  'assets',
  'policy_templates',
  'data_streams',
  'vars',
  'elasticsearch',
  'agent',
]);

/** The members of a summary that have a part of what a page says. */
const PICKED = { policy_templates: TEMPLATE_KEYS, data_streams: DATA_STREAM_KEYS } as const;

function rowFaults(row: Rendered, page: Rendered): string[] {
  const other = [...row.members].filter(([key, text]) => !(key in PICKED) && page.members.get(key) !== text);
  const lacking = [...page.members.keys()].filter((key) => !ONLY_IN_PAGES.has(key) && !row.members.has(key));
  const picked = Object.entries(PICKED).filter(([key, keys]) => {
    const own = objects(page.value[key]).map((one) => pick(one, keys));
    const shown = objects(row.value[key]);
    // A summary may begin with templates that no page shows.
    const rest = key === 'policy_templates' ? Math.max(0, shown.length - own.length) : 0;
    return !isDeepStrictEqual(shown.slice(rest), own);
  });
  const keys = [...other.map(([key]) => key), ...lacking, ...picked.map(([key]) => key)];
  return keys.map((key) => `has another "${key}" than`);
}

/** A variant is the row with only the policy templates that list the category. */
function variantFaults(row: Rendered, variants: IndexedView['variants'], wanted: readonly string[]): string[] {
  const known = new Map(variants);
  const categories = [...new Set([...known.keys(), ...wanted])];
  const isSame = (category: string): boolean => {
    const variant = readRow(known.get(category) ?? '');
    if (!variant || !wanted.includes(category)) return false;
    const templates = objects(row.value['policy_templates']).filter((one) => lists(one['categories'], category));
    const others = [...row.members].filter(([key]) => key !== 'policy_templates');
    return (
      isDeepStrictEqual(objects(variant.value['policy_templates']), templates) &&
      isDeepStrictEqual(
        [...variant.members].filter(([key]) => key !== 'policy_templates'),
        others,
      )
    );
  };
  return categories
    .filter((category) => !isSame(category))
    .map((category) => `has another summary for the category "${category}" than`);
}

function lists(categories: Json | undefined, category: string): boolean {
  return Array.isArray(categories) && categories.includes(category);
}
