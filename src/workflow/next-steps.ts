import { commandLine, givenWords, shellQuote } from '../command-line.ts';
import type { StorageConfig } from '../config.ts';
import type { ChangeReport } from './change.ts';
import { hasRemote } from '../storage/git/refs.ts';
import type { Repository } from '../storage/git/repository.ts';
import type { Workflow, WorkflowOptions } from './open.ts';

/** What a person does next, and the commands for it, to paste. */
export interface NextSteps {
  /** What the commands do; undefined if the one command says it. */
  readonly text: string | undefined;
  readonly commands: readonly string[];
}

/**
 * What to do about the branches that were made: to push them if the repository has an `origin`, or else to merge them, in their
 * order. Undefined if there is nothing to do.
 */
export async function nextSteps(
  { repository }: Pick<Workflow, 'repository'>,
  changes: readonly ChangeReport[],
  { apply }: { readonly apply: boolean },
): Promise<NextSteps | undefined> {
  const made = changes.flatMap(({ state, branch, layer, target }) => {
    return branch !== undefined && (state === 'made' || state === 'there') ? [{ branch, layer, target }] : [];
  });
  if (made.length === 0) return undefined;
  const push = await pushStep(repository, ...new Set(made.map(({ branch }) => branch)));
  if (push && !apply)
    return { ...push, text: 'push, and open a pull request for each branch, with its title and text:' };
  if (push || apply) return push;
  const merges = made.map(({ branch, target }) => `${gitIn(repository)} fetch . ${shellQuote(`${branch}:${target}`)}`);
  return { text: `merge ${made.length === 1 ? 'the branch' : 'the branches, in this order'}:`, commands: merges };
}

/** How to push refs to `origin`. Undefined if the repository has no `origin`. */
export async function pushStep(repository: Repository, ...refs: readonly string[]): Promise<NextSteps | undefined> {
  if (!(await hasRemote(repository.directory, 'origin'))) return undefined;
  return { text: 'push:', commands: [`${gitIn(repository)} push origin ${refs.map(shellQuote).join(' ')}`] };
}

function gitIn({ folder }: Repository): string {
  return `git -C ${shellQuote(folder.replace(/\/\.git$/, ''))}`;
}

/** How to build a distribution that holds a layer, with the same options. Undefined if none holds it. */
export function buildStep(
  { distributions }: Pick<StorageConfig, 'distributions'>,
  layer: string,
  options: Pick<WorkflowOptions, 'config' | 'storage'>,
): NextSteps | undefined {
  const holding = Object.keys(distributions).filter((name) => distributions[name]?.includes(layer));
  const dist = holding.includes(layer) ? layer : holding[0];
  return dist === undefined ? undefined : { text: undefined, commands: [buildLine(dist, options)] };
}

/** The command that builds a distribution, with the same options. */
export function buildLine(dist: string, options: Pick<WorkflowOptions, 'config' | 'storage'>): string {
  return commandLine(['build', '--dist', dist, ...givenWords(options)]);
}
