import type { Category } from '../config.ts';
import { NO_ANSWERS } from '../core/columns.ts';
import type { Columns, Profile } from '../core/columns.ts';
import type { Constraint } from '../core/constraint.ts';
import { compileConstraint } from '../package/constraint-compile.ts';
import { compareText, toByteString } from '../tree/text.ts';
import type { Listed } from './mirroring.ts';

/*
 * The columns of a list, by which queries find revisions as they do in a site. They have no rows, so they answer nothing.
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
  const profiles = list.map(({ facts: { kibana: written, ...facts } }): Profile => {
    const kibana = position(written);
    return { ...facts, spec: '0.0.0', ...(kibana !== undefined && { kibana }) };
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

function categoryColumns(table: readonly Category[]): Columns['categories'] {
  const ids = [...new Set(table.flatMap(({ id, parent }) => [id, parent ?? id]))].sort(compareText);
  const parents = new Map(table.map(({ id, parent }) => [id, parent]));
  return ids.map((id) => {
    const parent = parents.get(id);
    const none = toByteString('');
    return { id: toByteString(id), parent: parent === undefined ? -1 : ids.indexOf(parent), before: none, after: none };
  });
}
