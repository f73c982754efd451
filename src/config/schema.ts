import { z } from 'zod';
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
  .regex(/^\d{1,9}\.\d{1,9}-\d{1,9}\.\d{1,9}$/, specRangeText)
  .transform((range) => ({ min: range.slice(0, range.indexOf('-')), max: range.slice(range.indexOf('-') + 1) }));
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
const writtenDistribution = z.strictObject({
  layers: z.array(z.union([name, ownLayer])).min(1),
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
});
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
