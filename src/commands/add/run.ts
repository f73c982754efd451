import { sameContent } from '../../catalog/merge.ts';
import { hasError, Stop } from '../../errors.ts';
import type { Progress } from '../../report.ts';
import { openingProgress } from '../opening-progress.ts';
import type { Finding } from '../../errors.ts';
import type { Revision, RevisionFiles } from '../../storage/storage.ts';
import { warningsOf as entryWarnings } from '../../build/entry.ts';
import { applyChanges, makeBranch, refuseCheckedOut, unmade } from '../../workflow/change.ts';
import type { Change, ChangeReport } from '../../workflow/change.ts';
import { contentSizes, storedFiles } from '../../workflow/content-sizes.ts';
import { incomingPackages } from '../../workflow/incoming.ts';
import type { Incoming, IncomingPackages } from '../../workflow/incoming.ts';
import { fetchPackages } from '../../workflow/from-registry.ts';
import type { FetchedPackages } from '../../workflow/from-registry.ts';
import { layerNamed, openWorkflow, othersOf, rulesOf, warningsOf } from '../../workflow/open.ts';
import type { OpenLayer, Workflow, WorkflowOptions } from '../../workflow/open.ts';
import { buildStep, nextSteps } from '../../workflow/next-steps.ts';
import type { NextSteps } from '../../workflow/next-steps.ts';
import { editsTo, pathOf } from '../../workflow/revision-paths.ts';
import { caseFindings, sizeFindings } from '../../workflow/shape-findings.ts';
import { touchedBy } from '../../workflow/other-layers.ts';
import { policyFindings, proposerFindings } from '../../workflow/policy.ts';
import { readEntries } from '../../workflow/read-entries.ts';

export interface AddOptions extends WorkflowOptions {
  /** Zips, and folders of one package each; with `from`, packages of that registry: `PACKAGE` or `PACKAGE@VERSION`. */
  readonly paths: readonly string[];
  /** The URL of a registry. */
  readonly from?: string | undefined;
  /** With `from`: asks nothing of the registry. */
  readonly offline: boolean;
  readonly layer: string;
  readonly keepZip: boolean;
  /** Whether to move the layer's own branch. */
  readonly apply: boolean;
  readonly dryRun: boolean;
}

/** What an addition did, or the findings that prevented it. */
export interface AddReport {
  /** The git directory of the storage. */
  readonly repository: string;
  readonly layer: string;
  readonly apply: boolean;
  readonly dryRun: boolean;
  readonly packages: readonly AddedReport[];
  /** Undefined if there is nothing to add. */
  readonly change: ChangeReport | undefined;
  /** If one of them is an error, nothing was done. */
  readonly findings: readonly Finding[];
  /** Undefined if there is nothing to do. */
  readonly next: NextSteps | undefined;
}

export interface AddedReport {
  readonly id: string;
  /** The zip or folder that it comes from: a path, or a URL. */
  readonly source: string;
  /** Its place in the layer. */
  readonly where: string;
  readonly files: number;
  readonly signed: boolean;
  /** `done`: the layer holds it with the same content. */
  readonly state: 'new' | 'overwritten' | 'done';
}

/**
 * Puts packages from outside into a layer, as one commit. Packages that are unfit, or that break the rules of the
 * layer, are findings.
 */
export async function add(options: AddOptions, progress: Progress): Promise<AddReport> {
  if (options.paths.length === 0) throw new Stop('usage', 'add takes zips or folders of packages', 'see add --help');
  const workflow = await openWorkflow(options);
  try {
    const source = await sourceOf(workflow, options, progress).finally(progress.end);
    try {
      return asShown(await addFrom(source, workflow, options), source);
    } finally {
      await source.close();
    }
  } finally {
    await workflow.close();
  }
}

/** Where the packages come from. */
async function sourceOf(
  workflow: Workflow,
  { paths, from, offline, layer: name }: AddOptions,
  progress: Progress,
): Promise<FetchedPackages> {
  if (from === undefined) return { paths, findings: [], shown: (text) => text, close: () => Promise.resolve() };
  const { policy } = layerNamed(workflow, name);
  const { onBytes, onFetch, onWait } = openingProgress(progress);
  return await fetchPackages(paths, {
    layer: name,
    registry: from,
    keys: policy.keys ?? [],
    signatures: policy.signatures,
    limits: workflow.config.limits,
    cache: workflow.cache,
    offline,
    onBytes,
    onFetch,
    onWait,
  });
}

function asShown(report: AddReport, { shown }: FetchedPackages): AddReport {
  return {
    ...report,
    packages: report.packages.map((one) => Object.assign({}, one, { source: shown(one.source) })),
    findings: report.findings.map((one) => Object.assign({}, one, { where: shown(one.where), text: shown(one.text) })),
  };
}

async function addFrom(source: FetchedPackages, workflow: Workflow, options: AddOptions): Promise<AddReport> {
  const { apply, dryRun } = options;
  const format = workflow.layers.some(({ commit }) => commit.length === 64) ? 'sha256' : 'sha1';
  const { limits } = workflow.config;
  const keepZip = options.keepZip || options.from !== undefined;
  const incoming = incomingPackages(options.layer, { keepZip, format, limits });
  try {
    const layer = layerNamed(workflow, options.layer);
    const read = await readAll({ workflow, layer, incoming }, source.paths);
    const findings = [...workflow.findings, ...source.findings, ...warningsOf(layer), ...read.findings];
    const packages = read.packages.map(({ report }) => report);
    const toAdd = read.packages.filter(({ report }) => report.state !== 'done');
    const result = {
      repository: workflow.repository.directory,
      layer: options.layer,
      apply,
      dryRun,
      packages,
      findings,
      next: buildStep(workflow.config, options.layer, options),
    };
    if (toAdd.length === 0) return { ...result, change: undefined };
    const draft = describe(layer, toAdd);
    if (dryRun || hasError(findings))
      return { ...result, change: unmade({ ...draft, edits: [] }, 'planned'), next: undefined };
    if (apply) await refuseCheckedOut(workflow, [layer]);
    const edits = [];
    for (const one of toAdd)
      edits.push(
        ...editsTo(
          layer.policy.packages,
          one.incoming.revision,
          await incoming.write(workflow.repository, one.incoming),
        ),
      );
    const change = { ...draft, edits };
    const made = apply ? (await applyChanges(workflow, [change])).reports : [await makeBranch(workflow, change)];
    const next = (await nextSteps(workflow, made, { apply })) ?? result.next;
    return { ...result, change: made[0], next };
  } finally {
    await incoming.close();
  }
}

interface Reading {
  readonly workflow: Workflow;
  readonly layer: OpenLayer;
  readonly incoming: IncomingPackages;
}

interface ReadPackage {
  readonly incoming: Incoming;
  readonly report: AddedReport;
}

async function readAll(
  reading: Reading,
  paths: readonly string[],
): Promise<{ packages: ReadPackage[]; findings: Finding[] }> {
  const packages: ReadPackage[] = [];
  const findings: Finding[] = [];
  for (const path of paths) {
    const found = await reading.incoming.read(path);
    if (found.kind === 'unfit') {
      findings.push(found.finding);
      continue;
    }
    const { id } = found.incoming.revision;
    const twin = packages.find(({ report }) => report.id === id);
    if (twin)
      findings.push({ code: 'twice', where: path, text: `${id} is also in ${twin.report.source}`, level: 'error' });
    else {
      const { report, findings: own } = await readOne(reading, found.incoming);
      packages.push({ incoming: found.incoming, report });
      findings.push(...own);
    }
  }
  return { packages, findings };
}

/** All findings about one package, by the rules of builds and of the layer. */
async function readOne(
  { workflow, layer, incoming }: Reading,
  { revision, listed, held, signature }: Incoming,
): Promise<{ report: AddedReport; findings: Finding[] }> {
  const { storage } = workflow;
  const { policy } = layer;
  const files = {
    ...incoming.storage,
    listFiles: async () => listed,
    read: async (content: string) =>
      signature && content === revision.signature ? signature : await incoming.storage.read(content),
  };
  const read = await readEntries({ ...rulesOf(workflow, layer), storage: files, cache: undefined }, [revision]);
  const there = layer.layer.revisions.find(({ id }) => id === revision.id);
  const isSame = there !== undefined && sameContent(await storage.listFiles(there), held);
  const isDone = isSame && there.signature === held.signature;
  const where = pathOf(policy.packages, revision, listed.zip === undefined ? 'folder' : 'zip');
  const touched = { ...(await touchedBy(storage, revision, { ...othersOf(workflow, layer), listed: held })), where };
  const overwritten = there && !isDone ? [{ ...touched, sameContent: isSame }] : [];
  const change = {
    layer: policy.name,
    policy,
    added: there ? [] : [touched],
    overwritten,
    removed: [],
    reason: undefined,
  };
  return {
    report: {
      id: revision.id,
      source: revision.where,
      where,
      files: listed.files.length,
      signed: signature !== undefined,
      state: isDone ? 'done' : there ? 'overwritten' : 'new',
    },
    findings: [
      ...read.flatMap(({ findings }) => findings),
      ...read.flatMap(({ entry }) => (entry ? entryWarnings(entry) : [])),
      ...proposerFindings(policyFindings(change)),
      ...(await gateFindings({ workflow, incoming }, revision, listed)),
    ],
  };
}

/** What `check` will say about names and sizes. Of paths that differ only by case, the entry itself warns. */
async function gateFindings(
  { workflow, incoming }: Pick<Reading, 'workflow' | 'incoming'>,
  revision: Revision,
  listed: RevisionFiles,
): Promise<Finding[]> {
  const all = workflow.layers.flatMap(({ layer }) => layer.revisions);
  const sizes = await contentSizes(incoming.storage, [{ revision, ...listed }], ({ where }) => where);
  return proposerFindings([...caseFindings([revision], all), ...sizeFindings(revision, storedFiles(listed), sizes)]);
}

function describe(layer: OpenLayer, packages: readonly ReadPackage[]): Omit<Change, 'edits'> {
  const called = packages.map(({ incoming: { revision } }) => `${revision.name}-${revision.version}`);
  const [first = ''] = called;
  const more = called.length - 1;
  const { name } = layer.policy;
  return {
    layer,
    branch: `add/${first}${more > 0 ? `-and-${more}-more` : ''}-to-${name}`,
    title: more > 0 ? `[${name}] Add ${called.length} packages` : `[${name}] Add ${first}`,
    text: packages.map(({ report, incoming }) => lineOf(report, incoming.listed)).join('\n'),
  };
}

function lineOf({ where, files, state, signed }: AddedReport, { zip }: RevisionFiles): string {
  const form = zip === undefined ? `${files} files` : `a zip as published${signed ? ', signed' : ''}`;
  return `${state === 'overwritten' ? 'Overwrites' : 'Adds'} ${where}: ${form}.`;
}
