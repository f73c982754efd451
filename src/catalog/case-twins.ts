import type { Revision } from '../storage/storage.ts';

/** A revision whose name or id differs only by case from another one's. Some file systems can't hold both. */
export interface CaseTwin {
  readonly revision: Revision;
  readonly text: string;
}

/** Those of `own` that differ only by case from one of `all`. */
export function caseTwins(own: readonly Revision[], all: readonly Revision[]): CaseTwin[] {
  const byName = new Map<string, Revision[]>();
  for (const revision of all) {
    const name = revision.name.toLowerCase();
    byName.set(name, [...(byName.get(name) ?? []), revision]);
  }
  return own.flatMap((revision) => {
    const others = byName.get(revision.name.toLowerCase()) ?? [];
    const sameName = others.find(({ name }) => name !== revision.name);
    const id = revision.id.toLowerCase();
    const sameId = others.find((other) => other.id !== revision.id && other.id.toLowerCase() === id);
    const other = sameName ?? sameId;
    if (!other) return [];
    return [{ revision, text: `differs only by case from ${sameName ? other.name : other.id} in ${other.layer}` }];
  });
}
