import type { LayerPolicy } from '../config.ts';
import type { Finding } from '../errors.ts';
import type { GitStorage, Revision, Storage } from '../storage/storage.ts';
import type { ReadEntry } from '../build/cache/entries.ts';
import { messages } from '../storage/git/history.ts';
import { lineOf } from '../line-of.ts';
import { contentSizes, placeIn, storedFiles } from './content-sizes.ts';
import { policyFindings } from './policy.ts';
import type { CheckFinding } from './policy.ts';
import { warningsOf } from '../build/entry.ts';
import { readEntries } from './read-entries.ts';
import type { ReadingRules } from './read-entries.ts';
import { casePaths, caseFindings, sizeFindings } from './shape-findings.ts';
import { changedRevisions, sharedRevisions, touchedBy } from './other-layers.ts';
import type { CheckedLayer, Shared } from './other-layers.ts';

/*
 * The findings of `check`: those of a build, those of the layer's policy, and those about other layers.
 */

/** The rules that all layers share. */
export type Rules = Omit<ReadingRules, 'signatures' | 'keys'>;

/** What a check found. */
export interface CheckResult {
  /** Undefined if layers are checked as they are. */
  readonly change: ChangedIds | undefined;
  /** The layers that were checked as they are. */
  readonly shared: readonly Shared[];
  readonly findings: readonly CheckFinding[];
}

export interface ChangedIds {
  readonly base: string | undefined;
  readonly added: readonly string[];
  readonly overwritten: readonly string[];
  readonly removed: readonly string[];
}

/** The findings about a change of a layer, from `base` to `head`. `others` are the other layers. */
export async function checkChange(
  rules: Rules & { readonly storage: GitStorage },
  policy: LayerPolicy,
  { base, head, others }: { base: CheckedLayer; head: CheckedLayer; others: readonly CheckedLayer[] },
): Promise<CheckResult> {
  const { storage } = rules;
  const change = await changedRevisions(storage, base, head);
  const touch = (at: CheckedLayer) => async (revision: Revision) =>
    await touchedBy(storage, revision, { above: at.above, others: others.map(({ layer }) => layer) });
  const said = await messages(storage.repository, base.layer.commit ?? '', head.layer.commit ?? '');
  const touched = {
    added: await Promise.all(change.added.map(touch(head))),
    removed: await Promise.all(change.removed.map(touch(base))),
    overwritten: await Promise.all(
      change.overwritten.map(async ({ revision, sameContent }) => ({ ...(await touch(head)(revision)), sameContent })),
    ),
  };
  const reason = firstMatch(said, /^Reason: *(\S.*)$/m);
  const promotedTo = firstMatch(said, /^\[[^\]]+\] Remove .*, promoted to (\S+)$/m);
  const changed = [...change.added, ...change.overwritten.map(({ revision }) => revision)];
  const before = new Set(base.layer.findings.map(({ where, text }) => `${where} ${text}`));
  return {
    change: {
      base: base.layer.commit,
      added: touched.added.map(idOf),
      overwritten: touched.overwritten.map(idOf),
      removed: touched.removed.map(idOf),
    },
    shared: [],
    findings: [
      ...policyFindings({ layer: policy.name, policy, reason, promotedTo, ...touched }),
      ...head.layer.findings.filter(({ where, text }) => !before.has(`${where} ${text}`)),
      ...(await revisionFindings(rules, changed, { layer: head, others })),
    ],
  };
}

/** The findings about layers as they are. `layers` are all layers, in rank order. */
export async function checkLayers(
  rules: Rules,
  layers: readonly CheckedLayer[],
  checked: readonly CheckedLayer[],
): Promise<CheckResult> {
  const scope = new Set(checked.map(({ layer }) => layer.name));
  const shared = await sharedRevisions(rules.storage, layers, scope);
  const findings: CheckFinding[] = [];
  for (const layer of checked) {
    const others = layers.filter((other) => other !== layer);
    const own = await revisionFindings(rules, layer.layer.revisions, { layer, others });
    findings.push(...layer.layer.findings, ...own);
  }
  return { change: undefined, shared, findings: [...shared.map(sharedFinding), ...findings] };
}

/** Applies the rules of builds, and those of names and sizes, to some revisions of a layer. */
async function revisionFindings(
  rules: Rules,
  revisions: readonly Revision[],
  { layer, others }: { layer: CheckedLayer; others: readonly CheckedLayer[] },
): Promise<CheckFinding[]> {
  if (revisions.length === 0) return [];
  const { storage } = rules;
  const read = await readEntries({ ...rules, signatures: layer.signatures, keys: layer.keys }, revisions);
  const all = [...layer.layer.revisions, ...others.flatMap((other) => other.layer.revisions)];
  const sizes = await contentSizes(storage, read, placeIn([layer.layer]));
  const located = await Promise.all(read.flatMap(entryFindings).map((fault) => locate(storage, read, fault)));
  const paths = read.flatMap(({ revision, files }) => casePaths(revision, files));
  const large = read.flatMap((one) => sizeFindings(one.revision, storedFiles(one), sizes));
  return [...located, ...caseFindings(revisions, all), ...paths, ...large];
}

function sharedFinding({ id, layers, sameContent, modes }: Shared): CheckFinding {
  const [winner = '', ...rest] = layers;
  const holders = `${winner} and ${rest.join(' and ')}`;
  if (!sameContent) {
    const text = `${holders} hold different content under this id; ${winner} wins`;
    return { code: 'collision', where: id, text, level: 'error' };
  }
  const ofModes = modes > 0 ? ` (${modes} file${modes === 1 ? '' : 's'} with another mode)` : '';
  const text = `${holders} hold the same content${ofModes}; promoted, and not removed below`;
  return { code: 'shared', where: id, text, level: 'note' };
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

function entryFindings({ entry, findings }: ReadEntry): Finding[] {
  // Twins by case are errors of `casePaths` here.
  return entry ? [...findings, ...warningsOf(entry).filter(({ code }) => code !== 'case')] : [...findings];
}

/** The finding with its file, and with the line that it names or that its place in the manifest has. */
async function locate(storage: Storage, read: readonly ReadEntry[], finding: Finding): Promise<CheckFinding> {
  const file = finding.where.slice(finding.where.indexOf(': ') + 2);
  const said = /, line (\d+)$/.exec(finding.text)?.[1];
  if (said !== undefined) return { ...finding, file, line: Number(said) };
  const place = /\(([a-z_]+(?:\.\w+)+)\)$/.exec(finding.text)?.[1] ?? /^[a-z_]+(?:\.\w+)*(?= )/.exec(finding.text)?.[0];
  const owner = read.find(({ revision }) => file.startsWith(`${revision.where}/`));
  const path = owner ? file.slice(owner.revision.where.length + 1) : '';
  const content = path.endsWith('manifest.yml') ? owner?.files.find((one) => one.path === path)?.content : undefined;
  const bytes = content === undefined ? undefined : await storage.read(content);
  const line = place === undefined || !(bytes instanceof Buffer) ? undefined : lineOf(bytes.toString('utf8'), place);
  return { ...finding, file, line };
}

function firstMatch(texts: readonly string[], pattern: RegExp): string | undefined {
  return texts.map((text) => pattern.exec(text)?.[1]).find((found) => found !== undefined);
}
