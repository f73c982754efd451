import { caseTwins } from '../../catalog/case-twins.ts';
import { holdSame, mergeLayers } from '../../catalog/merge.ts';
import type { Shadowed } from '../../catalog/merge.ts';
import type { SiteMaking } from '../../build/site-making.ts';
import type { Distribution, KibanaClient } from '../../config.ts';
import type { Finding } from '../../errors.ts';
import { readLayers, selectionOf } from '../../inspect/open-catalog.ts';
import type { MirroredLayers } from '../../workflow/open-layers.ts';
import type { MirrorReport } from '../../mirror/mirroring.ts';
import type { Layer, Storage } from '../../storage/storage.ts';
import type { LockUse } from '../../workflow/lock-file.ts';
import { siteExcess } from '../../workflow/site-excess.ts';

/* The layers that a build merges, as its report has them. */

/** A layer that was read. Counts are of what it holds, before the merge. */
export interface LayerReport {
  readonly name: string;
  readonly ref: string;
  readonly commit: string | undefined;
  readonly packages: number;
  readonly revisions: number;
  /** What mirroring did, for a layer that is a registry. */
  readonly mirror?: MirrorReport;
}

/** A revision that a higher layer holds, too. */
export interface ShadowedReport {
  readonly id: string;
  readonly layer: string;
  readonly by: string;
  readonly sameContent: boolean;
}

/** What a distribution is a part of. */
export interface SubsetReport {
  readonly from: string;
  /** The Kibanas that get the same answers as from the whole: the lines of `for`. */
  readonly for: readonly KibanaClient[];
  /** The revisions of the merged layers. */
  readonly of: number;
  /** The requests whose answers may differ from those of the whole, in words. */
  readonly notPromised: readonly string[];
}

/** The layers of a storage, what is left of them after the merge, and what is wrong with them. */
export interface Merged extends Pick<SiteMaking, 'layers' | 'revisions' | 'deprecations' | 'witnesses' | 'findings'> {
  readonly shadowed: readonly ShadowedReport[];
  /** Warnings of this run alone, such as those about a registry that failed to answer or a branch that moved on: the site doesn't depend on them. */
  readonly passing: readonly Finding[];
  /** How many revisions the merged layers have, where the distribution leaves some out. */
  readonly whole: number | undefined;
  /** The ids on whose being fit the choice of a subset depends; none where nothing is chosen. */
  readonly counted: ReadonlySet<string>;
}

/** How a build merges. */
export interface Merging {
  /** What is unfit by a listing alone is only a warning. */
  readonly skipUnfit: boolean;
  /** A package that lies in a layer as a folder and as a zip, too, is no finding. */
  readonly allowsTwice: boolean;
  readonly mirrored: MirroredLayers;
  /** Keeps what a subset reads; undefined keeps nothing. */
  readonly cache: string | undefined;
  /** The ids of what is known to be unfit by its contents: a subset does without it. */
  readonly unfit: ReadonlySet<string>;
  /** Receives how many manifests were read to choose a subset. */
  onRead(done: number, total: number): void;
}

/** Reads the layers of a storage and merges them. Of a subset, it chooses what stays. */
export async function mergeStorage(
  storage: Storage,
  pins: LockUse,
  { skipUnfit, allowsTwice, mirrored, ...reading }: Merging,
): Promise<Merged> {
  const { distribution } = pins;
  const layers = pins.named(await readLayers(storage, distribution), mirrored);
  const { revisions: merged, shadowed: lost } = mergeLayers(layers);
  const tooMuch = await siteExcess([...merged, ...lost.map(({ loser }) => loser)], {
    storage,
    distribution,
    layers,
    cache: reading.cache,
  });
  const all = tooMuch.length > 0 ? [] : merged;
  const selection = await selectionOf(all, { storage, distribution, ...reading });
  const { revisions = all, deprecations, witnesses, counted = new Set<string>() } = selection ?? {};
  const shadowed = tooMuch.length > 0 ? [] : await Promise.all(lost.map((one) => reportShadowed(storage, one)));
  const ofLayers = layers.flatMap(({ name, findings: all }) => {
    const findings = allowsTwice ? all.filter(({ code }) => code !== 'twice') : all;
    const isRegistry = mirrored.has(name);
    const codes = isRegistry ? LEFT_OUT_OF_REGISTRIES : LEFT_OUT;
    return findings.map((one) => ({ isRegistry, finding: skipUnfit ? leftOut(one, codes) : one }));
  });
  const isPassing = ({ isRegistry, finding }: (typeof ofLayers)[number]): boolean =>
    isRegistry && finding.level === 'warning';
  const findings = [
    ...tooMuch,
    ...ofLayers.flatMap((one) => (isPassing(one) ? [] : one.finding)),
    ...collisions(shadowed, distribution.collisions === 'refuse' ? 'error' : 'warning'),
    ...caseTwins(revisions, revisions).map(({ revision: { layer, where }, text }) => {
      return { code: 'case', where: `${layer}: ${where}`, text, level: 'warning' } as const;
    }),
  ];
  const passing = [
    ...(await pins.moved(storage)),
    ...ofLayers.flatMap((one) => (isPassing(one) ? one.finding : [])),
    ...(selection?.findings ?? []),
  ];
  const whole = selection && all.length;
  return { layers, revisions, deprecations, witnesses, shadowed, findings, passing, whole, counted };
}

/** What is unfit is left out by --skip-unfit, also where a layer's listing alone shows it; a layer that is too large is not. */
function leftOut(finding: Finding, codes: ReadonlySet<Finding['code']>): Finding {
  return codes.has(finding.code) ? { ...finding, level: 'warning' } : finding;
}

const LEFT_OUT: ReadonlySet<Finding['code']> = new Set(['unfit', 'not-a-file', 'damaged', 'missing']);
/** What is wrong with one version of a package is found before it is in a layer. */
const LEFT_OUT_OF_REGISTRIES: ReadonlySet<Finding['code']> = new Set([...LEFT_OUT, 'refused', 'signature', 'limit']);

async function reportShadowed(storage: Storage, { loser, winner }: Shadowed): Promise<ShadowedReport> {
  return { id: loser.id, layer: loser.layer, by: winner.layer, sameContent: await holdSame(storage, loser, winner) };
}

function collisions(shadowed: readonly ShadowedReport[], level: Finding['level']): Finding[] {
  return shadowed
    .filter((one) => !one.sameContent)
    .map(({ id, layer, by }) => ({
      code: 'collision',
      where: id,
      text: `${layer} and ${by} hold different content; ${by} wins`,
      level,
    }));
}

/** What a report says of a layer. */
export function layerReport({ name, ref, commit, revisions }: Layer, mirrored: MirroredLayers): LayerReport {
  const packages = new Set(revisions.map((revision) => revision.name)).size;
  const mirror = mirrored.get(name)?.report;
  return { name, ref, commit, packages, revisions: revisions.length, ...(mirror && { mirror }) };
}

/** What a report says of a subset; `whole` is the number of revisions of the merged layers. */
export function subsetReport(
  { subsets }: Pick<Distribution, 'subsets'>,
  whole: number | undefined,
): SubsetReport | undefined {
  const last = subsets.at(-1);
  if (!last || whole === undefined) return undefined;
  return { from: last.from, for: last.clients, of: whole, notPromised: NOT_PROMISED };
}

const NOT_PROMISED = [
  "all=true, which Kibana's resolver of dependencies sends, finds only what stays",
  'other Kibanas, spec ranges and capabilities than these, discovery, agent.version, and requests without kibana.version',
];
