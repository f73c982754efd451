import type { Distribution, Subset } from '../config.ts';
import type { Entry } from '../build/entry.ts';
import { EMPTY_QUERY } from '../core/query.ts';
import { parseVersion } from '../core/version.ts';
import type { Reason } from '../subset/choose.ts';
import type { Selection } from '../subset/select.ts';
import { columnsOf } from '../workflow/read-entries.ts';
import { explainQuery } from './explain.ts';

/** Whether a subset keeps a revision, and the rule that decides. */
export interface ExplainedFate {
  readonly kept: boolean;
  readonly rule: Reason['rule'] | 'left-out';
  readonly text: string;
}

/**
 * Why a subset keeps or leaves out each of some packages' revisions, by id. `entries` are all revisions of these packages, in the order
 * of answers.
 */
export function explainFates(
  { subsets, tables }: Pick<Distribution, 'subsets' | 'tables'>,
  { fates }: Selection,
  entries: readonly Entry[],
): Map<string, ExplainedFate> {
  const leftOut = new Map(subsets.map((subset) => [subset.name, leftOutTexts(subset, entries, tables.categories)]));
  return new Map(
    entries.flatMap(({ revision: { id } }, i): [string, ExplainedFate][] => {
      const fate = fates.get(id);
      if (!fate) return [];
      if (fate.kind === 'kept') return [[id, { kept: true, ...fate.reason }]];
      return [[id, { kept: false, rule: 'left-out', text: leftOut.get(fate.by)?.[i] ?? '' }]];
    }),
  );
}

/** For each entry, what keeps each Kibana of a subset from finding it, however few conditions it sends. */
function leftOutTexts(
  { name, clients }: Subset,
  entries: readonly Entry[],
  categories: Distribution['tables']['categories'],
): string[] {
  const columns = columnsOf(entries, categories);
  const facts = entries.map((entry) => entry.facts);
  const verdicts = clients.map(({ kibana, prerelease }) => {
    const parsed = parseVersion(kibana);
    const version = parsed.ok ? parsed.version : undefined;
    return { kibana, texts: explainQuery(columns, facts, { ...EMPTY_QUERY, kibana: version, prerelease }) };
  });
  return entries.map((_, i) => {
    const reasons = verdicts.map(({ kibana, texts }) => `Kibana ${kibana}: ${texts[i]?.text ?? ''}`);
    return `${name} leaves it out: ${reasons.join('; ')}`;
  });
}
