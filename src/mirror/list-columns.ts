import type { Category } from '../config.ts';
import { NO_ANSWERS } from '../core/columns.ts';
import type { Columns, Facts, Profile } from '../core/columns.ts';
import type { Constraint } from '../core/constraint.ts';
import { compileConstraint } from '../package/constraint-compile.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { compareText, toByteString } from '../tree/text.ts';
import type { Listed } from './mirroring.ts';

/*
 * The columns of a list of summaries, by which queries find revisions as they do in a site. They have no rows, so they answer
 * nothing. Summaries are hostile: a member of another type than that of the registry's counts as missing.
 */

/** The columns of revisions in the order of answers. They hold no spec versions, which summaries lack. */
export function listColumns(list: readonly Listed[], categories: readonly Category[]): Columns {
  const constraints: Constraint[] = [];
  const positions = new Map<string, number>();
  const position = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const found = positions.get(text) ?? constraints.push(compileConstraint(text) ?? ACCEPTS_NOTHING) - 1;
    positions.set(text, found);
    return found;
  };
  const profiles = list.map(({ summary }): Profile => {
    const kibana = position(textAt(summary, ['conditions', 'kibana', 'version']));
    return { ...factsOf(summary), ...(kibana !== undefined && { kibana }) };
  });
  const first = list.flatMap(({ name }, i) => (name === list[i - 1]?.name ? [] : [i]));
  return {
    build: '',
    home: toByteString(''),
    cache: { index: 0, search: 0, categories: 0, files: 0 },
    bytes: 0,
    names: first.map((i) => toByteString(list[i]?.name ?? '')),
    constraints,
    profiles,
    revisions: {
      first: [...first, list.length],
      version: list.map(({ version }) => version),
      profile: list.map((_, i) => i),
      start: [],
    },
    variants: [],
    categories: categoryColumns(categories),
    answers: NO_ANSWERS,
  };
}

/** A registry has no package with a constraint that doesn't parse. */
const ACCEPTS_NOTHING: Constraint = { releases: [], prereleases: [] };

/** What a summary says of what a line of `take` can ask (docs/contract.md section 4). */
function factsOf(summary: Listed['summary']): Facts<ByteString> {
  const capabilities = textsAt(summary, ['conditions', 'elastic', 'capabilities']);
  const categories = textsAt(summary, ['categories']);
  const templates = listAt(summary, ['policy_templates']).map((template) => textsAt(template, ['categories']));
  return {
    type: toByteString(textAt(summary, ['type']) ?? ''),
    spec: '0.0.0',
    ...(textAt(summary, ['release']) === 'experimental' && { experimental: 1 }),
    ...(capabilities.length > 0 && { capabilities }),
    ...(categories.length > 0 && { categories }),
    ...(templates.length > 0 && { templates }),
  };
}

function categoryColumns(table: readonly Category[]): Columns['categories'] {
  const ids = [...new Set(table.flatMap(({ id, parent }) => [id, parent ?? id]))].sort(compareText);
  const parents = new Map(table.map(({ id, parent }) => [id, parent]));
  return ids.map((id) => {
    const parent = parents.get(id);
    const none = toByteString('');
    return { id: toByteString(id), parent: parent === undefined ? -1 : ids.indexOf(parent), before: none, after: none };
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}

function listAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

function textsAt(value: unknown, path: readonly string[]): ByteString[] {
  return listAt(value, path).flatMap((one) => (typeof one === 'string' ? toByteString(one) : []));
}
