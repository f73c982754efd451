import { hasError, Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { applyChanges, makeBranch, refuseCheckedOut, unmade } from '../../workflow/change.ts';
import type { Change, ChangeReport } from '../../workflow/change.ts';
import { inOneBatch } from '../../workflow/batch.ts';
import { deleteMerged } from '../../workflow/merged-branches.ts';
import { nextSteps } from '../../workflow/next-steps.ts';
import type { NextSteps } from '../../workflow/next-steps.ts';
import { missingRequirements } from '../../workflow/requirements.ts';
import { openWorkflow, warningsOf } from '../../workflow/open.ts';
import type { Workflow, WorkflowOptions } from '../../workflow/open.ts';
import { lossFindings, planAll, planPromotion, wayBetween } from '../../workflow/promotion.ts';
import type { Promotion, Selection, Way } from '../../workflow/promotion.ts';

export interface PromoteOptions extends WorkflowOptions, Selection {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly from: string;
  readonly to: string;
  /** Promotes everything that the selection lets through, in place of one name and version. */
  readonly all: boolean;
  /** With `all`: makes a change for each revision, in place of one for all. */
  readonly each: boolean;
  /** Whether to move the layers' own branches. */
  readonly apply: boolean;
  readonly dryRun: boolean;
}

/** What a promotion did, or the findings that prevented it. */
export interface PromoteReport {
  /** The git directory of the storage. */
  readonly repository: string;
  readonly from: string;
  readonly to: string;
  readonly apply: boolean;
  readonly dryRun: boolean;
  /** With `--all`, one for all revisions; with `--each`, one for each of them. */
  readonly promotions: readonly {
    readonly ids: readonly string[];
    readonly add: ChangeReport;
    readonly remove: ChangeReport;
  }[];
  /** Branches of earlier promotions that were merged, and are deleted now. */
  readonly deleted: readonly string[];
  /** If one of them is an error, nothing was done. */
  readonly findings: readonly Finding[];
  /** Undefined if there is nothing to do. */
  readonly next: NextSteps | undefined;
}

/**
 * Promotes revisions to a higher layer in two changes: the addition, then the removal. It skips steps that are done
 * already. Throws a `Stop` if a branch moved meanwhile; the steps before that stay done.
 */
export async function promote(options: PromoteOptions): Promise<PromoteReport> {
  const { name, version, from, to, apply, dryRun } = options;
  checkUse(options);
  const workflow = await openWorkflow(options);
  try {
    const way = wayBetween(workflow, from, to);
    const planned =
      name !== undefined && version !== undefined
        ? { promotions: [await planPromotion(workflow, way, name, version)], findings: [] }
        : await planAll(workflow, way, options);
    const promotions = options.each ? planned.promotions : inOneBatch(way, planned.promotions);
    const open = promotions.filter(({ isRemoved }) => !isRemoved);
    const losses = open.length > 0 ? lossFindings(workflow, way) : [];
    const entries = open.flatMap((one) => one.entries);
    const warnings = [...workflow.findings, ...warningsOf(way.to), ...warningsOf(way.from)];
    const findings = [
      ...warnings,
      ...planned.findings,
      ...losses,
      ...missingRequirements(workflow, way, entries),
      ...open.flatMap((one) => one.findings),
    ];
    const isPlan = dryRun || hasError(findings);
    const reports = await (isPlan ? plan : apply ? applyAll : branchAll)(workflow, promotions, way);
    const changes = reports.flatMap(({ add, remove }) => [add, remove]);
    return {
      repository: workflow.repository.directory,
      from,
      to,
      apply,
      dryRun,
      promotions: reports,
      deleted: isPlan ? [] : await deleteMerged(workflow, new Set(changes.map(({ branch }) => branch))),
      findings,
      next: isPlan ? undefined : await nextSteps(workflow, inOrder(changes, way), { apply }),
    };
  } finally {
    await workflow.close();
  }
}

type Reports = PromoteReport['promotions'];

/** The changes of the higher layer come first. */
function inOrder(changes: readonly ChangeReport[], { to }: Way): ChangeReport[] {
  return changes.toSorted((a, b) => Number(a.layer !== to.policy.name) - Number(b.layer !== to.policy.name));
}

function checkUse({ all, each, name, version, ...selection }: PromoteOptions): void {
  const isNamed = name !== undefined && version !== undefined;
  if (all ? name !== undefined : !isNamed)
    throw new Stop('usage', 'promote takes a NAME and a VERSION, or --all', 'see promote --help');
  if (!all && (each || selection.package !== undefined || selection.kibana !== undefined))
    throw new Stop('usage', '--each, --package and --kibana need --all', 'see promote --help');
}

async function plan(_: Workflow, promotions: readonly Promotion[]): Promise<Reports> {
  return promotions.map(({ ids, add, isAdded, remove, isRemoved }) => ({
    ids,
    add: unmade(add, isAdded ? 'done' : 'planned'),
    remove: unmade(remove, isRemoved ? 'done' : 'planned'),
  }));
}

async function branchAll(workflow: Workflow, promotions: readonly Promotion[]): Promise<Reports> {
  const reports: Reports[number][] = [];
  for (const { ids, add, isAdded, remove, isRemoved } of promotions)
    reports.push({
      ids,
      add: isAdded ? unmade(add, 'done') : await makeBranch(workflow, add),
      remove: isRemoved ? unmade(remove, 'done') : await makeBranch(workflow, remove),
    });
  return reports;
}

async function applyAll(workflow: Workflow, promotions: readonly Promotion[], { from, to }: Way): Promise<Reports> {
  const adding = promotions.filter(({ isAdded }) => !isAdded);
  const removing = promotions.filter(({ isRemoved }) => !isRemoved);
  if (adding.length + removing.length > 0) await refuseCheckedOut(workflow, adding.length > 0 ? [to, from] : [from]);
  const changes = [...adding.map(({ add }) => add), ...removing.map(({ remove }) => remove)];
  const unmoved = adding.length > 0 ? [] : [{ ref: to.from, from: to.commit, to: to.commit }];
  const { reports } = await applyChanges(workflow, changes, unmoved);
  const of = (change: Change): ChangeReport => reports[changes.indexOf(change)] ?? unmade(change, 'done');
  return promotions.map((one) => ({
    ids: one.ids,
    add: of(one.add),
    remove: of(one.remove),
  }));
}
