import type { Columns } from '../core/columns.ts';
import { findRevisions } from '../core/find.ts';
import { EMPTY_QUERY } from '../core/query.ts';
import type { Query } from '../core/query.ts';
import { toByteString } from '../tree/text.ts';
import { requirementTest } from '../workflow/requirements.ts';
import type { Requirement } from '../workflow/requirements.ts';

/**
 * The positions that meet a requirement: for each client the newest version that it accepts and that meets it. If there is none for
 * any of them, the newest that meets it.
 */
export function requiredBy(requirement: Requirement, columns: Columns, clients: readonly Query[]): number[] {
  const meets = requirementTest(requirement);
  const name = toByteString(requirement.package);
  const newest = (query: Query): number[] => {
    const all = findRevisions(columns, { ...query, package: name, all: true });
    return all.filter((i) => meets(columns.revisions.version[i] as string)).slice(-1);
  };
  const met = [...new Set(clients.flatMap(newest))];
  return met.length > 0 ? met : newest({ ...EMPTY_QUERY, prerelease: true });
}
