import type { Subset } from '../config.ts';
import type { Columns } from '../core/columns.ts';
import { findRevisions, namePositionOf } from '../core/find.ts';
import type { Query } from '../core/query.ts';
import type { Finding } from '../errors.ts';
import type { QueryFacts } from '../build/index-files.ts';
import { factColumns } from '../build/fact-columns.ts';
import type { Requirement } from '../workflow/requirements.ts';
import { requiredBy } from './requirements.ts';
import { requestsOf } from './requests.ts';
import type { Asked } from './requests.ts';

/*
 * Chooses what stays of a distribution. The edge core finds what each Kibana finds; nothing here knows why.
 *
 * Why that is enough: an answer has of each name the newest version that some conditions let through. If that version stays, and
 * whatever else stays is of the same distribution, it is still the newest.
 */

/** What the choice depends on. */
export interface Choosable {
  readonly name: string;
  readonly version: string;
  readonly facts: QueryFacts;
  readonly requires: readonly Requirement[];
}

/** Why a revision stays: the first reason that holds, in this order. */
export interface Reason {
  readonly rule: 'found' | 'previous' | 'installed' | 'required';
  /** The reason in words. */
  readonly text: string;
}

/** What stays, by position, and what could not stay since it isn't there. */
export interface Choice {
  readonly kept: ReadonlyMap<number, Reason>;
  readonly findings: readonly Finding[];
}

/** Chooses among revisions, which are in the order of answers. */
export function chooseRevisions(revisions: readonly Choosable[], subset: Subset): Choice {
  const columns = factColumns(revisions, []);
  const types = [...new Set(revisions.map(({ facts }) => facts.type))];
  const questions = subset.clients.flatMap((client) => requestsOf(client, types));
  const kept = new Map<number, Reason>();
  const keep = (i: number, rule: Reason['rule'], text: string): void => {
    if (!kept.has(i)) kept.set(i, { rule, text });
  };
  const rounds = questions.map((question) => ({
    question,
    found: foundInTurn(columns, question.query, subset.previous),
  }));
  for (const { question, found } of rounds)
    for (const i of found[0] ?? []) keep(i, 'found', `Kibana ${question.kibana} finds it: ${question.request}`);
  for (const { question, found } of rounds)
    for (const [turn, own] of found.slice(1).entries())
      for (const i of own) keep(i, 'previous', previousText(turn + 1, question));
  const findings = [...keepInstalled(revisions, subset, keep)];
  if (subset.requires) findings.push(...keepRequired(revisions, { columns, questions, kept, from: subset.from }, keep));
  return { kept, findings };
}

type Keep = (position: number, rule: Reason['rule'], text: string) => void;

/**
 * What a query finds; then what it would find if those and everything newer of their names weren't there; and so on, `more` times at
 * most. Positions in the columns.
 */
function foundInTurn(columns: Columns, query: Query, more: number): number[][] {
  const turns: number[][] = [];
  const ends = columns.revisions.first.slice(1);
  for (let turn = 0; turn <= more; turn++) {
    const { columns: older, original } = turn === 0 ? { columns, original: undefined } : upTo(columns, ends);
    const found = findRevisions(older, query).map((i) => (original ? (original[i] as number) : i));
    if (found.length === 0) break;
    turns.push(found);
    for (const i of found) ends[namePositionOf(columns, i)] = i;
  }
  return turns;
}

/** The columns with the revisions of each name up to an end, and where these have been before. */
function upTo(columns: Columns, ends: readonly number[]): { columns: Columns; original: number[] } {
  const { first, version, profile } = columns.revisions;
  const original: number[] = [];
  const starts = [0];
  for (const [name, end] of ends.entries()) {
    for (let i = first[name] as number; i < end; i++) original.push(i);
    starts.push(original.length);
  }
  const revisions = {
    first: starts,
    version: original.map((i) => version[i] as string),
    profile: original.map((i) => profile[i] as number),
    start: [],
  };
  return { columns: { ...columns, revisions }, original };
}

function previousText(turn: number, { kibana, request }: Asked): string {
  const versions = turn === 1 ? 'the version' : `${turn} versions`;
  return `it is ${versions} before the one that Kibana ${kibana} finds: ${request}`;
}

/** A warning for each version that is installed and isn't there. */
function keepInstalled(revisions: readonly Choosable[], { installed, from }: Subset, keep: Keep): Finding[] {
  if (!installed) return [];
  const positions = new Map(revisions.map(({ name, version }, i) => [`${name}@${version}`, i]));
  return installed.packages.flatMap(({ name, version }): Finding[] => {
    const i = positions.get(`${name}@${version}`);
    if (i !== undefined) keep(i, 'installed', `it is installed, as ${installed.file} says`);
    const text = `lists ${name} ${version}, which ${from} doesn't have`;
    return i === undefined ? [{ code: 'installed', where: installed.file, text, level: 'warning' }] : [];
  });
}

/** What the kept revisions require, and what those require in turn. A warning for each requirement that nothing meets. */
function keepRequired(
  revisions: readonly Choosable[],
  {
    columns,
    questions,
    kept,
    from,
  }: { columns: Columns; questions: readonly Asked[]; kept: ReadonlyMap<number, Reason>; from: string },
  keep: Keep,
): Finding[] {
  const findings: Finding[] = [];
  const clients = questions.map(({ query }) => query).filter(({ type, experimental }) => type === '' && !experimental);
  for (const i of kept.keys()) {
    // A map gives also what is added to it meanwhile.
    const { name, version, requires } = revisions[i] as Choosable;
    for (const requirement of requires) {
      const met = requiredBy(requirement, columns, clients);
      const wanted = `${requirement.package} ${requirement.version}`.trim();
      for (const other of met) keep(other, 'required', `${name} ${version} requires ${wanted}`);
      const text = `requires ${wanted}, which ${from} lacks`;
      if (met.length === 0) findings.push({ code: 'requires', where: `${name}@${version}`, text, level: 'warning' });
    }
  }
  return findings;
}
