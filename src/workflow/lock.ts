import { z } from 'zod';
import type { Distribution } from '../config.ts';
import { Stop } from '../errors.ts';
import { compareText } from '../tree/text.ts';

/*
 * `distributions.lock.json`: the commits and versions of the last `build --lock` of each distribution, so that `build
 * --locked` makes the same site again. This file is pure; `lock-file.ts` reads and writes the lock.
 */

const lockedLayer = z.strictObject({ name: z.string(), ref: z.string(), packages: z.string(), commit: z.string() });
const lockedDistribution = z.strictObject({
  registry: z.string(),
  generator: z.string(),
  /** In rank order. */
  layers: z.array(lockedLayer).min(1),
});
const lock = z.strictObject({ version: z.literal(1), distributions: z.record(z.string(), lockedDistribution) });

export type Lock = z.infer<typeof lock>;
export type LockedDistribution = z.infer<typeof lockedDistribution>;

export const emptyLock: Lock = { version: 1, distributions: {} };

/** Parses the text of a lock file. Throws a `Stop` that names `file` if the text is not a lock. */
export function parseLock(text: string, file: string): Lock {
  const hint = 'make it again with build --lock';
  try {
    const parsed = lock.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: '' };
    throw new Stop('bad-lock', `${file}: ${path.join('.')}: ${message}`, hint);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Stop('bad-lock', `${file} is not JSON: ${error.message}`, hint, error);
  }
}

/** The text of a lock file. It is sorted, so that it changes only where something moved. */
export function renderLock({ version, distributions }: Lock): string {
  const sorted = Object.entries(distributions).sort(([a], [b]) => compareText(a, b));
  return `${JSON.stringify({ version, distributions: Object.fromEntries(sorted) }, null, 2)}\n`;
}

/**
 * The lock with a distribution as it was built. The keys of `commits` are layers. Throws a `Stop` if a layer has no
 * commit: a folder can't be built again as it was.
 */
export function lockDistribution(
  before: Lock,
  distribution: Pick<Distribution, 'name' | 'registry' | 'layers'>,
  made: { readonly generator: string; readonly commits: Readonly<Record<string, string | undefined>> },
): Lock {
  const layers = distribution.layers.map(({ name, ref, packages }) => {
    const commit = Object.hasOwn(made.commits, name) ? made.commits[name] : undefined;
    if (commit !== undefined) return { name, ref, packages, commit };
    throw new Stop(
      'no-commit',
      `the layer ${name} is a folder, which has no commit to lock`,
      'build --lock needs a git storage',
    );
  });
  const locked = { registry: distribution.registry, generator: made.generator, layers };
  return { version: 1, distributions: { ...before.distributions, [distribution.name]: locked } };
}

/**
 * The distribution with every layer pinned to its locked commit. Throws a `Stop` that lists everything that changed
 * since (the registry version, the generator, the layers and their settings), or one that says that the distribution
 * was never locked.
 */
export function pinDistribution(
  known: Lock,
  distribution: Distribution,
  { generator, file }: { generator: string; file: string },
): Distribution {
  const locked = Object.hasOwn(known.distributions, distribution.name)
    ? known.distributions[distribution.name]
    : undefined;
  if (!locked)
    throw new Stop('not-locked', `${file} has no distribution "${distribution.name}"`, 'lock it with build --lock');
  const found = whatMoved(locked, { ...distribution, generator });
  if (found.length > 0)
    throw new Stop(
      'moved',
      `${distribution.name} is no longer what ${file} has:\n  ${found.join('\n  ')}`,
      'build with --lock in place of --locked to take the new state',
    );
  const commits = new Map(locked.layers.map(({ name, commit }) => [name, commit]));
  const layers = distribution.layers.map((layer) => ({ ...layer, ref: commits.get(layer.name) ?? layer.ref }));
  return { ...distribution, layers };
}

function whatMoved(
  locked: LockedDistribution,
  now: Omit<LockedDistribution, 'layers'> & Pick<Distribution, 'layers'>,
): string[] {
  const settings = now.layers.flatMap((layer) => {
    const before = locked.layers.find(({ name }) => name === layer.name);
    if (!before) return [];
    const packages = moved(`packages of ${layer.name}`, before.packages || '.', layer.packages || '.');
    return [...moved(`ref of ${layer.name}`, before.ref, layer.ref), ...packages];
  });
  return [
    ...moved('registry', locked.registry, now.registry),
    ...moved('generator', locked.generator, now.generator),
    ...moved('layers', names(locked.layers), names(now.layers)),
    ...settings,
  ];
}

function moved(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what}: locked ${before}, now ${after}`];
}

function names(layers: readonly { readonly name: string }[]): string {
  return layers.map(({ name }) => name).join(', ');
}
