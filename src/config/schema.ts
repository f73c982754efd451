import { z } from 'zod';
import { compareVersions, parseStrictVersion, versionOf } from '../core/version.ts';
import type { Limits } from '../limits.ts';

/* The schemas of `distributions.yml` and of the tables beside it, as people write them. */

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is not a name (letters, digits, ".", "_", "-")');
const wholeNumber = z
  .string('is not a whole number')
  .regex(/^\d{1,15}$/, 'is not a whole number')
  .transform(Number);
const specRangeText = 'is not a range of spec versions such as 2.3-3.6';
const specBounds = z
  .string(specRangeText)
  .regex(/^\d{1,9}\.\d{1,9} *- *\d{1,9}\.\d{1,9}$/, specRangeText)
  .transform((range) => {
    const [min = '', max = ''] = range.split('-').map((bound) => bound.trim());
    return { min, max };
  });
const yesOrNo = z.enum(['true', 'false'], 'is neither true nor false').transform((word) => word === 'true');
/** What a line says of a Kibana, so that its requests are known. */
const kibanaClient = z.strictObject({
  kibana: z
    .string('is not a version of Kibana such as 8.19.4')
    .refine((text) => parseStrictVersion(text) !== undefined, 'is not a version of Kibana such as 8.19.4'),
  prerelease: yesOrNo.optional(),
  spec: specBounds
    .refine(
      ({ min, max }) => compareVersions(versionOf(`${min}.0`), versionOf(`${max}.0`)) <= 0,
      'has its lower bound behind its upper one',
    )
    .optional(),
  capabilities: z
    .array(z.string().regex(/^[^,]+$/, 'is not a capability (it is empty, or has a comma)'))
    .min(1, 'is empty; leave it out')
    .optional(),
});
const layerFields = {
  ref: z.string().min(1).optional(),
  packages: z.string().min(1).optional(),
  keys: z.array(z.string().min(1)).optional(),
};
const policyFields = {
  overwrite: z.enum(['never', 'warn', 'allow']).optional(),
  remove: z.enum(['never', 'exception', 'allow']).optional(),
};
const writtenLayer = z.strictObject({ ...layerFields, ...policyFields }).nullable();
const ownLayer = z.strictObject({ name, ...layerFields });
const writtenDistribution = z
  .strictObject({
    layers: z
      .array(z.union([name, ownLayer]))
      .min(1)
      .optional(),
    from: name.optional(),
    for: z.array(kibanaClient).min(1).optional(),
    keep: z
      .strictObject({ previous: wholeNumber, installed: z.string().min(1), requires: yesOrNo })
      .partial()
      .optional(),
    registry: z.string().optional(),
    cache: z
      .strictObject({ index: wholeNumber, search: wholeNumber, categories: wholeNumber, files: wholeNumber })
      .partial()
      .optional(),
    collisions: z.enum(['report', 'refuse']).optional(),
    signatures: z.enum(['optional', 'required']).optional(),
    precompute: z
      .strictObject({ answers: wholeNumber, bytes: wholeNumber, specs: z.array(specBounds) })
      .partial()
      .optional(),
  })
  .superRefine((written, { addIssue }) => {
    for (const [key, message] of disagreements(written)) addIssue({ code: 'custom', path: key, message });
  });

type Key = 'layers' | 'from' | 'for' | 'keep' | 'collisions' | 'signatures';

/** What a distribution has no use for, or lacks: it has layers of its own, or is a part of another one. */
function disagreements(written: { readonly [K in Key]?: unknown }): [path: string[], message: string][] {
  const has = (key: Key): boolean => written[key] !== undefined;
  const both = (key: Key): [string[], string][] =>
    has(key) ? [[[key], `doesn't go with "from": they are those of the distribution that it names`]] : [];
  const alone = (key: Key): [string[], string][] =>
    has(key) ? [[[key], 'needs "from", the distribution to choose from']] : [];
  if (has('from'))
    return [
      ...both('layers'),
      ...both('collisions'),
      ...both('signatures'),
      ...(has('for')
        ? []
        : [[['for'], 'is missing: a list such as [{ kibana: 8.19.4 }]'] satisfies [string[], string]]),
    ];
  const missing: [string[], string][] = has('layers') ? [] : [[[], 'names neither "layers" nor "from"']];
  return [...missing, ...alone('for'), ...alone('keep')];
}
/** Without Zip64 (APPNOTE.TXT 4.4.21). */
const MOST_IN_ZIP = 65_535;
const limit = wholeNumber.refine((figure) => figure > 0, 'is not a whole number above 0').optional();
const limits = z.strictObject({
  packages: limit,
  revisions: limit,
  entries: limit.refine(
    (figure) => figure === undefined || figure <= MOST_IN_ZIP,
    'is more than a zip can hold, 65,535',
  ),
  depth: limit,
  path: limit,
  file: limit,
  package: limit,
  ratio: limit,
  manifest: limit,
  parsed: limit,
  values: limit,
} satisfies Record<keyof Limits, z.ZodType>);
/** Of `distributions.yml`. */
export const writtenConfig = z.strictObject({
  registry: z.string(),
  storage: z.string().min(1),
  limits: limits.optional(),
  layers: z.record(name, writtenLayer),
  distributions: z.record(name, writtenDistribution),
});
const writtenCategory = z.strictObject({ id: z.string().min(1), title: z.string(), parent: z.string().optional() });
/** Of a `categories.yml` that takes the place of the shipped one. */
export const writtenCategories = z.array(writtenCategory);
/** Of a `categories.yml` that adds to the shipped one. */
export const addedCategories = z.strictObject({ add: writtenCategories });
/** Of `ingestion-methods.yml`: input type -> ingestion method. */
export const writtenMethods = z.record(z.string(), z.string());

export type WrittenConfig = z.infer<typeof writtenConfig>;
export type WrittenDistribution = z.infer<typeof writtenDistribution>;
/** A distribution that has layers of its own. */
export type WithLayers = WrittenDistribution & { readonly layers: NonNullable<WrittenDistribution['layers']> };
