import { compareRevisions, holdSame } from '../catalog/merge.ts';
import { accepts } from '../core/constraint.ts';
import { compileConstraint } from '../package/constraint-compile.ts';
import type { Finding } from '../errors.ts';
import { Stop } from '../errors.ts';
import { listKnown } from '../near-match.ts';
import type { Revision } from '../storage/storage.ts';
import { parseVersion } from '../core/version.ts';
import type { Version } from '../core/version.ts';
import { promotionTexts } from './promotion-texts.ts';
import type { ReadEntry } from '../build/cache/entries.ts';
import { warningsOf } from '../build/entry.ts';
import type { Entry } from '../build/entry.ts';
import type { Change } from './change.ts';
import { layerNamed, layersAbove, othersOf, revisionNamed, rulesOf } from './open.ts';
import type { OpenLayer, Workflow } from './open.ts';
import { editsTo, heldAt } from './revision-paths.ts';
import type { Held } from './revision-paths.ts';
import { touchedBy } from './other-layers.ts';
import { policyFindings, proposerFindings } from './policy.ts';
import { readEntries } from './read-entries.ts';

/** The lower and the higher layer of a promotion. */
export interface Way {
  readonly from: OpenLayer;
  readonly to: OpenLayer;
}

/** The two changes of one promotion, and whether each is made already. */
export interface Promotion {
  readonly ids: readonly string[];
  readonly add: Change;
  readonly isAdded: boolean;
  readonly remove: Change;
  readonly isRemoved: boolean;
  /** What the target layer gets, as it was read; empty if it has it, or if it is unfit. */
  readonly entries: readonly Entry[];
  readonly findings: readonly Finding[];
}

export interface Selection {
  readonly package?: string | undefined;
  /** A version of Kibana that must accept the promoted revisions. */
  readonly kibana?: string | undefined;
}

/**
 * The way between two layers, given by name. Throws a `Stop` if it doesn't lead to a layer that wins over the other.
 */
export function wayBetween(workflow: Workflow, from: string, to: string): Way {
  const way = { from: layerNamed(workflow, from), to: layerNamed(workflow, to) };
  if (!layersAbove(workflow.config, from).has(to) || layersAbove(workflow.config, to).has(from)) {
    const above = [...layersAbove(workflow.config, from)];
    const hint = above.length > 0 ? `above ${from}: ${listKnown(to, above)}` : `no layer is above ${from}`;
    throw new Stop('not-higher', `${to} doesn't win over ${from} in any distribution of ${workflow.config.file}`, hint);
  }
  return way;
}

/** A warning for every distribution that loses a promoted revision. */
export function lossFindings({ config }: Pick<Workflow, 'config'>, { from, to }: Way): Finding[] {
  const [lower, upper] = [from.policy.name, to.policy.name];
  const losing = Object.entries(config.distributions).filter(
    ([, layers]) => layers.includes(lower) && !layers.includes(upper),
  );
  return losing.map(([name]) => ({
    code: 'vanishes',
    where: name,
    text: `this distribution has the layer ${lower} but not ${upper}: it loses what is promoted`,
    level: 'warning',
  }));
}

/** The promotion of one revision, from its present step. Throws a `Stop` if neither layer holds it. */
export async function planPromotion(workflow: Workflow, way: Way, name: string, version: string): Promise<Promotion> {
  const find = ({ layer }: OpenLayer): Revision | undefined =>
    layer.revisions.find((one) => one.name === name && one.version === version);
  const upper = find(way.to);
  const lower = find(way.from);
  if (!lower && upper) return promotionOf(way, upper, { held: {}, kept: {}, isAdded: true, isRemoved: true });
  const revision = revisionNamed(way.from, name, version);
  return await planFor(workflow, way, { lower: revision, upper });
}

/**
 * The promotions of all revisions that only the lower layer holds, and of those that the upper layer holds with the
 * same content, by name and version. If it holds other content, the revision is left, with a warning.
 */
export async function planAll(
  workflow: Workflow,
  way: Way,
  selection: Selection,
): Promise<{ promotions: Promotion[]; findings: Finding[] }> {
  const kibana = kibanaVersion(selection.kibana);
  const above = layersAbove(workflow.config, way.from.policy.name);
  const others = workflow.layers.filter(({ policy }) => above.has(policy.name) && policy.name !== way.to.policy.name);
  const elsewhere = new Set(others.flatMap(({ layer }) => layer.revisions.map(({ id }) => id)));
  const upper = new Map(way.to.layer.revisions.map((revision) => [revision.id, revision]));
  const candidates = way.from.layer.revisions.filter(
    ({ id, name }) => !elsewhere.has(id) && (selection.package ?? name) === name,
  );
  const all = await readEntries(rulesOf(workflow, way.to), candidates.sort(compareRevisions));
  const found: { promotions: Promotion[]; findings: Finding[] } = { promotions: [], findings: [] };
  for (const read of all) {
    const lower = read.revision;
    const pair = { lower, upper: upper.get(lower.id) };
    if (kibana && !isFor(read, kibana)) continue;
    if (pair.upper && !(await holdSame(workflow.storage, lower, pair.upper)))
      found.findings.push({
        code: 'collision',
        where: lower.id,
        text: `${way.to.policy.name} holds different content; it is left as it is`,
        level: 'warning',
      });
    else found.promotions.push(await planFor(workflow, way, { ...pair, read }));
  }
  return found;
}

async function planFor(
  workflow: Workflow,
  way: Way,
  { lower, upper, read: known }: { lower: Revision; upper: Revision | undefined; read?: ReadEntry },
): Promise<Promotion> {
  const { repository, storage } = workflow;
  const isEqual = upper !== undefined && (await holdSame(storage, lower, upper));
  const isAdded = upper !== undefined && isEqual && (lower.signature ?? upper.signature) === upper.signature;
  const held = await heldAt(repository, way.from, lower);
  const kept = await heldAt(repository, way.to, lower);
  const promotion = promotionOf(way, lower, { held, kept: isEqual ? kept : {}, isAdded, isRemoved: false });
  if (isAdded) return promotion;
  const read = known ? [known] : await readEntries(rulesOf(workflow, way.to), [lower]);
  const touched = await touchedBy(storage, lower, othersOf(workflow, way.to));
  const { policy } = way.to;
  const rules = policyFindings({
    layer: policy.name,
    policy,
    added: upper ? [] : [touched],
    overwritten: upper ? [{ ...touched, sameContent: isEqual }] : [],
    removed: [],
    reason: undefined,
  });
  const entries = read.flatMap(({ entry }) => entry ?? []);
  const findings = [...read.flatMap((one) => one.findings), ...entries.flatMap(warningsOf), ...proposerFindings(rules)];
  return { ...promotion, entries, findings };
}

/** `held` is what the lower layer has. `kept` is what the upper layer has with the same content; it stays. */
function promotionOf(
  { from, to }: Way,
  { id, name, version }: Revision,
  { held, kept, isAdded, isRemoved }: { held: Held; kept: Held; isAdded: boolean; isRemoved: boolean },
): Promotion {
  const source = held.folder ?? held.zip;
  const what = source ? `the same ${held.folder ? 'tree' : 'blob'} ${source.id}` : undefined;
  const texts = promotionTexts({ from, to }, [`${name}-${version}`], what);
  return {
    ids: [id],
    isAdded,
    isRemoved,
    entries: [],
    findings: [],
    add: {
      ...texts.add,
      layer: to,
      edits: editsTo(to.policy.packages, { name, version }, { ...held, ...present(kept) }),
    },
    remove: { ...texts.remove, layer: from, edits: editsTo(from.policy.packages, { name, version }, {}) },
  };
}

function present(held: Held): Held {
  return Object.fromEntries(Object.entries(held).filter(([, node]) => node !== undefined));
}

/** An unfit revision may be for any version. */
function isFor({ entry }: ReadEntry, kibana: Version): boolean {
  const written = entry?.facts.kibana;
  if (written === undefined) return true;
  const constraint = compileConstraint(written);
  return constraint !== undefined && accepts(constraint, kibana);
}

function kibanaVersion(text: string | undefined): Version | undefined {
  if (text === undefined) return undefined;
  const parsed = parseVersion(text);
  if (parsed.ok) return parsed.version;
  throw new Stop('bad-version', `--kibana ${text}: ${parsed.error}`, 'write it as 8.5.0');
}
