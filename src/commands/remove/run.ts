import { hasError } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { applyChanges, makeBranch, refuseCheckedOut, unmade } from '../../workflow/change.ts';
import type { Change, ChangeReport } from '../../workflow/change.ts';
import { layerNamed, openWorkflow, othersOf, revisionNamed, warningsOf } from '../../workflow/open.ts';
import type { OpenLayer, Workflow, WorkflowOptions } from '../../workflow/open.ts';
import { nextSteps } from '../../workflow/next-steps.ts';
import type { NextSteps } from '../../workflow/next-steps.ts';
import { editsTo, heldAt } from '../../workflow/revision-paths.ts';
import { touchedBy } from '../../workflow/other-layers.ts';
import { policyFindings, proposerFindings } from '../../workflow/policy.ts';

export interface RemoveOptions extends WorkflowOptions {
  readonly name: string;
  readonly version: string;
  readonly layer: string;
  /** The commit message keeps it. */
  readonly reason?: string | undefined;
  /** Whether to move the layer's own branch. */
  readonly apply: boolean;
  readonly dryRun: boolean;
}

/** What a removal did, or the findings that prevented it. */
export interface RemoveReport {
  /** The git directory of the storage. */
  readonly repository: string;
  readonly id: string;
  readonly layer: string;
  readonly apply: boolean;
  readonly dryRun: boolean;
  readonly change: ChangeReport;
  /** If one of them is an error, nothing was done. */
  readonly findings: readonly Finding[];
  /** Undefined if there is nothing to do. */
  readonly next: NextSteps | undefined;
}

/** Removes a revision from a layer, by the rules of the layer. Throws a `Stop` if the layer has no such revision. */
export async function remove(options: RemoveOptions): Promise<RemoveReport> {
  const { name, version, apply, dryRun } = options;
  const workflow = await openWorkflow(options);
  try {
    const layer = layerNamed(workflow, options.layer);
    const { id } = revisionNamed(layer, name, version);
    await heldAt(workflow.repository, layer, { name, version });
    const findings = [...workflow.findings, ...warningsOf(layer), ...(await rules(workflow, layer, options))];
    const change = changeOf(layer, options);
    const isPlan = dryRun || hasError(findings);
    const report = { repository: workflow.repository.directory, id, layer: options.layer, apply, dryRun, findings };
    const made = isPlan ? unmade(change, 'planned') : await make(workflow, change, apply);
    return { ...report, change: made, next: isPlan ? undefined : await nextSteps(workflow, [made], { apply }) };
  } finally {
    await workflow.close();
  }
}

async function rules(workflow: Workflow, layer: OpenLayer, options: RemoveOptions): Promise<Finding[]> {
  const revision = revisionNamed(layer, options.name, options.version);
  const removed = [await touchedBy(workflow.storage, revision, othersOf(workflow, layer))];
  const { policy } = layer;
  const change = { layer: policy.name, policy, added: [], overwritten: [], removed, reason: options.reason };
  const wanted = `no higher layer holds the same content, and ${policy.name} needs a reason: --reason TEXT`;
  return proposerFindings(policyFindings(change)).map(({ code, where, text, level }) => {
    const isReasonless = level === 'error' && policy.remove === 'exception';
    return { code, where, text: isReasonless ? wanted : text, level };
  });
}

function changeOf(layer: OpenLayer, { name, version, reason }: RemoveOptions): Change {
  const { policy } = layer;
  return {
    layer,
    edits: editsTo(policy.packages, { name, version }, {}),
    branch: `remove/${name}-${version}-from-${policy.name}`,
    title: `[${policy.name}] Remove ${name}-${version}`,
    text: reason === undefined ? `Removes ${name}-${version} from ${policy.name}.` : `Reason: ${reason.trim()}`,
  };
}

async function make(workflow: Workflow, change: Change, apply: boolean): Promise<ChangeReport> {
  if (!apply) return await makeBranch(workflow, change);
  await refuseCheckedOut(workflow, [change.layer]);
  const { reports } = await applyChanges(workflow, [change]);
  return reports[0] ?? unmade(change, 'done');
}
