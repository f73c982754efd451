import { z } from 'zod';
import { Stop } from '../errors.ts';
import { compareVersions, parseVersion, versionOf } from '../core/version.ts';

/* The lines of `take`: which revisions of a registry a layer has. */

/** A word for whether something is so. */
export const yesOrNo = z.enum(['true', 'false']).transform((word) => word === 'true');
const specText = 'must be a range of spec versions such as 2.3-3.6';
/** `min-max`, each `major.minor`. */
export const specBounds = z
  .string(specText)
  .regex(/^\d{1,9}\.\d{1,9} *- *\d{1,9}\.\d{1,9}$/, specText)
  .transform((range) => {
    const [min = '', max = ''] = range.split('-').map((bound) => bound.trim());
    return { min, max };
  });
/** The same, with something between the bounds. */
export const specRange = specBounds.refine(
  ({ min, max }) => compareVersions(versionOf(`${min}.0`), versionOf(`${max}.0`)) <= 0,
  'must have its lower bound first',
);
export const capabilities = z
  .array(z.string().regex(/^[^,]+$/, 'must be a capability: a text without commas'))
  .min(1, 'is empty: leave it out');
const kibana = z
  .string('must be a version such as 8.19.4')
  .refine((text) => parseVersion(text).ok, 'must be a version such as 8.19.4');
const word = z.string().min(1);

/** What a Kibana sends to `/search`, and what else a line of `take` may say. */
export const writtenTakeLine = z
  .strictObject({
    kibana,
    prerelease: yesOrNo,
    experimental: yesOrNo,
    capabilities,
    spec: specRange,
    category: word,
    type: word,
    package: word,
    versions: word,
    all: yesOrNo,
  })
  .partial()
  .refine((line) => line.versions === undefined || line.package !== undefined, {
    path: ['versions'],
    message: 'needs `package`: the package whose versions they are',
  });

/**
 * What a line of `take` asks for: the revisions that `/search` finds with these parameters. With `versions`, a range as npm's
 * `semver` reads it, these are all versions in the range.
 */
export type TakeLine = z.output<typeof writtenTakeLine>;

/** Throws a `Stop` that lists the lines whose `versions` are no range. `place` is that of the lines in the file. */
export async function checkRanges(
  lines: readonly TakeLine[],
  { file, place }: { file: string; place: string },
): Promise<void> {
  if (lines.every(({ versions }) => versions === undefined)) return;
  const { validRange } = (await import('semver')).default;
  const wrong = lines.flatMap(({ versions }, i) =>
    versions === undefined || validRange(versions) !== null
      ? []
      : `${place}.${i}.versions: is "${versions}"; it must be a range of versions such as ">=1.20.0"`,
  );
  if (wrong.length > 0) throw new Stop('bad-config', `${file}:\n  ${wrong.join('\n  ')}`, RANGES);
}

const RANGES = 'ranges are written as for npm: ">=1.20.0 <2.0.0", "^1.2.0", "1.x || 2.0.1"';
