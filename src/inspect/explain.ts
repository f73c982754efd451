import type { QueryFacts } from '../build/index-files.ts';
import type { Columns } from '../core/columns.ts';
import { categoryFamily, findRevisions, matchCategory, namePositionOf, profileAt, refusal } from '../core/find.ts';
import type { Refusal } from '../core/rules.ts';
import type { Discovery, Query } from '../core/query.ts';
import { shownText } from '../tree/text.ts';
import { formatVersion } from '../core/version.ts';
import type { Version } from '../core/version.ts';

/*
 * Why a query finds a revision or doesn't: asks the rules of the edge core, one revision after the other
 * (docs/contract.md section 3).
 */

/**
 * The rule that decides about a revision: a rule of the edge core, or the reason that is left if no rule refuses it.
 */
export type Rule = Exclude<Refusal, ''> | 'not-newest' | 'unstable' | 'category' | 'found';

export interface Verdict {
  readonly name: string;
  readonly version: string;
  readonly found: boolean;
  readonly rule: Rule;
  /** The rule in words, with the compared values. */
  readonly text: string;
}

/**
 * The verdict on every revision of the columns, in their order. `facts` belong to the same revisions and have the
 * constraints as the manifests have them. Exactly those revisions are `found` that `/search` answers or `/categories`
 * counts.
 */
export function explainQuery(columns: Columns, facts: readonly QueryFacts[], query: Query): Verdict[] {
  const found = new Set(findRevisions(columns, query));
  const { version } = columns.revisions;
  const nameOf = (i: number): string => columns.names[namePositionOf(columns, i)] as string;
  const newest = new Map([...found].map((i) => [nameOf(i), version[i] ?? '']));
  const asked = textsOf(query);
  const family = query.category === '' ? undefined : categoryFamily(columns, query.category);
  return facts.map((own, i) => {
    const about = { query, asked, facts: own, newest: newest.get(nameOf(i)) };
    const rule = refusal(columns, i, query);
    const profile = profileAt(columns, i);
    const match = family && matchCategory(profile, family);
    const decided = decide(rule, { isFound: found.has(i), isOutside: family !== undefined && !match, query });
    const text = decided === 'found' ? foundText(about, match) : TEXTS[decided](about);
    const id = { name: nameOf(i), version: version[i] as string };
    return { ...id, found: decided === 'found', rule: decided, text };
  });
}

interface About {
  readonly query: Query;
  readonly asked: AskedTexts;
  readonly facts: QueryFacts;
  /** The version that stays if only the newest of a name does. */
  readonly newest: string | undefined;
}

/** The texts of a query, as they are shown. */
interface AskedTexts {
  readonly package: string;
  readonly type: string;
  readonly category: string;
  readonly capabilities: readonly string[] | undefined;
  readonly discovery: readonly AskedDiscovery[] | undefined;
}

type AskedDiscovery = Pick<Discovery, 'kind'> & { readonly values: readonly string[] };

function textsOf(query: Query): AskedTexts {
  return {
    package: shownText(query.package),
    type: shownText(query.type),
    category: shownText(query.category),
    capabilities: query.capabilities?.map(shownText),
    discovery: query.discovery?.map(({ kind, values }) => ({ kind, values: values.map(shownText) })),
  };
}

function decide(
  rule: Refusal,
  { isFound, isOutside, query }: { isFound: boolean; isOutside: boolean; query: Query },
): Rule {
  if (rule !== '') return rule;
  if (!isFound) return query.experimental && query.all ? 'unstable' : 'not-newest';
  return isOutside ? 'category' : 'found';
}

const TEXTS: Readonly<Record<Exclude<Rule, 'found'>, (about: About) => string>> = {
  package: ({ asked }) => `the query asks for the package ${asked.package}`,
  experimental: () => 'its release is experimental, and the query asks for no pre-releases (prerelease)',
  prerelease: () => 'it is a pre-release, and the query asks for none (prerelease)',
  type: ({ asked, facts }) => `its type is ${facts.type}, not ${asked.type}`,
  kibana: ({ query, facts }) => `it needs Kibana ${facts.kibana ?? ''}, the client is ${versionText(query.kibana)}`,
  agent: ({ query, facts }) => `it needs an agent ${facts.agent ?? ''}, the client's is ${versionText(query.agent)}`,
  capabilities: ({ asked, facts }) => {
    const lacking = (facts.capabilities ?? []).filter((one) => !asked.capabilities?.includes(one));
    return `it needs capabilities that the client lacks: ${lacking.join(', ')}`;
  },
  discovery: ({ asked, facts }) => (asked.discovery ?? []).map((one) => discoveryText(one, facts)).join('; '),
  spec: ({ query, facts }) => {
    const bounds = [
      query.specMin && `at least ${short(query.specMin)}`,
      query.specMax && `at most ${short(query.specMax)}`,
    ];
    return `its spec version is ${facts.spec.slice(0, -2)}, the client takes ${bounds.filter(Boolean).join(' and ')}`;
  },
  'not-newest': ({ newest, query }) =>
    query.experimental
      ? `it passes, but ${newest ?? 'another version'} is preferred (the newest release, or else the newest pre-release)`
      : `it passes, but ${newest ?? 'another version'} is newer, and only the newest stays`,
  unstable: () => 'it is below 1.0.0 or a pre-release, and the package has a version that is neither (experimental)',
  category: ({ asked, facts }) =>
    `neither its categories (${(facts.categories ?? []).join(', ') || 'none'}) nor those of its policy templates are in ${asked.category}`,
};

function foundText({ query, asked }: About, match: 'own' | 'template' | undefined): string {
  const text = query.all ? 'passes every condition' : 'the newest version that passes every condition';
  return match === 'template' ? `${text}; only with the policy templates of the category ${asked.category}` : text;
}

function discoveryText({ kind, values }: AskedDiscovery, facts: QueryFacts): string {
  const own = kind === 'fields' ? facts.fields : facts.datasets;
  const wanted = kind === 'fields' ? 'all of its fields' : 'one of its datasets';
  return `discovery ${kind}:${values.join(',')} must have ${wanted} (${own?.join(', ') ?? 'it has none'})`;
}

function versionText(version: Version | undefined): string {
  return version ? formatVersion(version) : '';
}

function short({ major, minor, pre }: Version): string {
  return `${major}.${minor}${pre === '' ? '' : `-${pre}`}`;
}
