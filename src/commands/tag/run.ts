import { isReleaseVersion } from '../../config.ts';
import { hasError, Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import type { Progress } from '../../report.ts';
import { layerNamed, openWorkflow, rulesOf } from '../../workflow/open.ts';
import type { OpenLayer, Workflow, WorkflowOptions } from '../../workflow/open.ts';
import { buildLine, pushStep } from '../../workflow/next-steps.ts';
import type { NextSteps } from '../../workflow/next-steps.ts';
import { readEntries } from '../../workflow/read-entries.ts';

export interface TagOptions extends WorkflowOptions {
  /** A release of the stack: three numbers. */
  readonly release: string;
  readonly layer: string;
  readonly dryRun: boolean;
}

/** The tag that was made, or the findings that prevented it. */
export interface TagReport {
  /** The git directory of the storage. */
  readonly repository: string;
  readonly tag: string;
  readonly layer: string;
  readonly commit: string;
  readonly revisions: number;
  readonly dryRun: boolean;
  readonly made: boolean;
  readonly findings: readonly Finding[];
  readonly next: NextSteps;
}

/**
 * Tags the commit of a layer with a release of the stack, if a build of it would have no findings. Throws a `Stop` if
 * the text is not a release version, or if the tag exists.
 */
export async function tag(options: TagOptions, progress: Progress): Promise<TagReport> {
  const { release, dryRun } = options;
  if (!isReleaseVersion(release))
    throw new Stop(
      'bad-version',
      `${release} is not a release version`,
      'write it as three numbers, such as 8.7.0, without "v"',
    );
  const workflow = await openWorkflow(options);
  try {
    const { repository } = workflow;
    const layer = layerNamed(workflow, options.layer);
    const ref = `refs/tags/${release}`;
    const known = await repository.commitOf(ref);
    if (known !== undefined) throw new Stop('tag-exists', `the tag ${release} exists, at ${known.slice(0, 12)}`, HINT);
    const found = await buildFindings(workflow, layer, progress).finally(progress.end);
    const findings = [...workflow.findings, ...found];
    const isMade = !dryRun && !hasError(findings);
    if (isMade) await repository.writeTag(release, { commit: layer.commit, message: `Stack release ${release}\n` });
    const revisions = layer.layer.revisions.length;
    const report = { repository: repository.directory, tag: release, layer: options.layer, commit: layer.commit };
    const build = { text: undefined, commands: [buildLine(release, options)] };
    const next = (await pushStep(repository, ref)) ?? build;
    return { ...report, revisions, dryRun, made: isMade, findings, next };
  } finally {
    await workflow.close();
  }
}

const HINT = 'keep that tag: everybody who builds a release must get the same';

async function buildFindings(workflow: Workflow, layer: OpenLayer, progress: Progress): Promise<Finding[]> {
  const { revisions, findings } = layer.layer;
  const read = await readEntries(rulesOf(workflow, layer), revisions, (done) =>
    progress.step('manifests', done, revisions.length),
  );
  return [...findings, ...read.flatMap((one) => one.findings)];
}
