import { Stop } from '../errors.ts';
import { listKnown } from '../near-match.ts';
import { readInstalled } from './installed.ts';
import type { Installed } from './installed.ts';
import { shownConfig } from './file.ts';
import type { ConfigPlace } from './file.ts';
import type { WithLayers, WrittenConfig, WrittenDistribution } from './schema.ts';

/*
 * Distributions that are a part of another one: `from`, `for` and `keep`.
 */

/** What one distribution takes of another. */
export interface Subset {
  /** The distribution that takes. */
  readonly name: string;
  readonly from: string;
  /** The Kibanas that notice nothing of what is left out. */
  readonly clients: readonly KibanaClient[];
  /** How many versions before each one that such a Kibana finds stay, for a rollback. */
  readonly previous: number;
  /** What a Kibana says that it has installed; it stays. */
  readonly installed: Installed | undefined;
  /** Whether what the packages that stay require stays, too. */
  readonly requires: boolean;
}

/** A Kibana, as far as its requests tell. */
export interface KibanaClient {
  /** A strict semantic version. */
  readonly kibana: string;
  /** Whether it may ask for pre-releases of packages; it also asks without. */
  readonly prerelease: boolean;
  /** What it sends as `spec.min` and `spec.max`, where it sends them. */
  readonly spec: { readonly min: string; readonly max: string } | undefined;
  /** What it sends as `capabilities`, where it sends them. */
  readonly capabilities: readonly string[] | undefined;
}

/** A distribution without layers of its own. */
type WithFrom = WrittenDistribution & {
  readonly from: NonNullable<WrittenDistribution['from']>;
  readonly for: NonNullable<WrittenDistribution['for']>;
};

/** What a distribution is made of: one with layers, and what is taken of it, step by step. */
export interface Chain {
  readonly base: WithLayers;
  /** The last one is the distribution itself; none if that has layers. */
  readonly parts: readonly { readonly name: string; readonly written: WithFrom }[];
}

/** Follows `from` up to a distribution with layers. Throws a `Stop` for a name that isn't there, for a circle, and beyond the limits. */
export function chainOf(written: WrittenConfig, dist: string, config: ConfigPlace): Chain {
  const file = shownConfig(config);
  const parts: { name: string; written: WithFrom }[] = [];
  for (let name = dist; ;) {
    const one = written.distributions[name];
    if (one && hasLayers(one)) {
      refuseManyLines(parts, file);
      return { base: one, parts };
    }
    if (!one || !hasFrom(one)) throw new Error(`${file}: ${name} has neither layers nor from`);
    parts.unshift({ name, written: one });
    if (parts.length > MOST_PARTS)
      throw new Stop(
        'bad-config',
        `${file}: distributions.${dist}.from: more than ${MOST_PARTS} distributions are made from each other, one after another`,
        'name a distribution with layers in "from"',
      );
    const { from } = one;
    if (!Object.hasOwn(written.distributions, from)) throw unknownFrom(name, from, { written, file });
    const names = parts.map((part) => part.name);
    if (names.includes(from))
      throw new Stop(
        'bad-config',
        `${file}: distributions.${name}.from: "${from}" is made from itself (${circleText(names, from)})`,
        'one of them needs layers',
      );
    name = from;
  }
}

function unknownFrom(
  name: string,
  from: string,
  { written, file }: { readonly written: WrittenConfig; readonly file: string },
): Stop {
  const others = Object.keys(written.distributions).filter((other) => other !== name);
  return new Stop(
    'unknown-distribution',
    `${file}: distributions.${name}.from names "${from}", which is not under distributions`,
    `the distributions are: ${listKnown(from, others)}`,
  );
}

/** A storage may hold the file, and each line costs a build some requests to the whole distribution. */
const MOST_PARTS = 10;
const MOST_LINES = 500;

function refuseManyLines(parts: Chain['parts'], file: string): void {
  const name = parts.at(-1)?.name ?? '';
  const lines = parts.reduce((sum, { written }) => sum + written.for.length, 0);
  if (lines > MOST_LINES)
    throw new Stop(
      'bad-config',
      `${file}: distributions.${name}.for has ${lines} lines, those of the subsets that it is made from included; at most ${MOST_LINES} may be`,
      'leave out Kibanas that ask the same as others',
    );
}

/** `names` has the distributions from the last one up to the one that names `from`. */
function circleText(names: readonly string[], from: string): string {
  return [...names.slice(0, names.indexOf(from) + 1).toReversed(), from].join(' from ');
}

function hasLayers(written: WrittenDistribution): written is WithLayers {
  return written.layers !== undefined;
}

function hasFrom(written: WrittenDistribution): written is WithFrom {
  return written.from !== undefined && written.for !== undefined;
}

/** Fills in the defaults, and reads what is installed. Throws a `Stop` that names a file that can't be used. */
export async function readSubsets({ parts }: Chain, config: ConfigPlace): Promise<Subset[]> {
  return await Promise.all(
    parts.map(async ({ name, written: { from, for: lines, keep = {} } }) => ({
      name,
      from,
      clients: lines.map(({ kibana, prerelease = true, spec, capabilities }) => {
        return { kibana, prerelease, spec, capabilities };
      }),
      previous: keep.previous ?? 0,
      installed: keep.installed === undefined ? undefined : await readInstalled(keep.installed, config),
      requires: keep.requires ?? false,
    })),
  );
}
