import type { Finding } from '../errors.ts';
import { withoutBuild } from '../package/served.ts';
import type { Revision } from '../storage/storage.ts';
import type { EntryReader } from './cache/entries.ts';

/*
 * Revisions whose folders differ only in build metadata may be served under one version, that of their manifests. Then the merge's
 * rule holds among them, too: the highest layer wins.
 */

export interface TwinRules {
  readonly entries: Pick<EntryReader, 'read'>;
  /** The names of the layers, highest first. */
  readonly ranks: readonly string[];
  /** Of two that lie in different layers and hold different content. */
  readonly collisions: Finding['level'];
}

/** The revisions of a package without those that lose to one that is served under the same version, and a finding for each of these. */
export async function withoutTwins(
  revisions: readonly Revision[],
  rules: TwinRules,
): Promise<{ readonly revisions: readonly Revision[]; readonly findings: readonly Finding[] }> {
  const alike = new Map<string, Revision[]>();
  for (const one of revisions) {
    const key = withoutBuild(one.version) ?? one.version;
    alike.set(key, [...(alike.get(key) ?? []), one]);
  }
  const findings: Finding[] = [];
  const lost = new Set<Revision>();
  for (const group of alike.values()) {
    if (group.length === 1) continue;
    const winners = new Map<string, Revision>();
    for (const one of [...group].sort((a, b) => rules.ranks.indexOf(a.layer) - rules.ranks.indexOf(b.layer))) {
      const id = (await rules.entries.read(one)).entry?.revision.id ?? one.id;
      const winner = winners.get(id);
      if (winner) {
        lost.add(one);
        findings.push(lostFinding(one, { id, winner }, rules.collisions));
      } else winners.set(id, one);
    }
  }
  return { revisions: revisions.filter((one) => !lost.has(one)), findings };
}

function lostFinding(
  { layer, where, source }: Revision,
  { id, winner }: { readonly id: string; readonly winner: Revision },
  collisions: Finding['level'],
): Finding {
  const text = `is ${id} by its manifest, which is also at ${winner.layer}: ${winner.where}; that one is used`;
  if (winner.layer === layer) return { code: 'twice', where: `${layer}: ${where}`, text, level: 'error' };
  return {
    code: 'collision',
    where: `${layer}: ${where}`,
    text,
    level: winner.source === source ? 'warning' : collisions,
  };
}
