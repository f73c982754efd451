import { z } from 'zod';
import { parseStrictVersion } from '../core/version.ts';
import type { Limits } from '../limits.ts';
import { capabilities, specBounds, specRange, writtenTakeLine, yesOrNo } from './take-lines.ts';

/* The schemas of `distributions.yml` and of the tables beside it, as people write them. */

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a name (letters, digits, ".", "_", "-")');
const wholeNumber = z
  .string('must be a whole number')
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
/** What a line says of a Kibana, so that its requests are known. */
const kibanaClient = z.strictObject({
  kibana: z
    .string('must be a version of Kibana such as 8.19.4')
    .refine((text) => parseStrictVersion(text) !== undefined, 'must be a version of Kibana such as 8.19.4'),
  prerelease: yesOrNo.optional(),
  spec: specRange.optional(),
  capabilities: capabilities.optional(),
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
const registryFields = {
  registry: z.string().refine(isRegistryUrl, 'must be the URL of a registry, such as https://packages.example.org'),
  take: z.array(writtenTakeLine).min(1, 'is empty: leave it out to take everything').optional(),
  gone: z.enum(['keep', 'drop', 'refuse']).optional(),
  signatures: z.enum(['optional', 'required']).optional(),
};
const writtenLayer = z
  .strictObject({ ...layerFields, ...policyFields, ...registryFields, registry: registryFields.registry.optional() })
  .superRefine((layer, context) => {
    const isRegistry = layer.registry !== undefined;
    const [strange, message] = isRegistry
      ? [['ref', 'packages', 'overwrite', 'remove'] as const, 'is for layers of a storage, and this one is a registry']
      : [['take', 'gone', 'signatures'] as const, 'is for registries, and this layer names none'];
    for (const key of strange) if (layer[key] !== undefined) context.addIssue({ code: 'custom', path: [key], message });
  })
  .nullable();
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
    pages: yesOrNo.optional(),
    cache: z
      .strictObject({ index: wholeNumber, search: wholeNumber, categories: wholeNumber, files: wholeNumber })
      .partial()
      .optional(),
    collisions: z.enum(['report', 'refuse']).optional(),
    signatures: z.enum(['optional', 'required']).optional(),
    artifacts: yesOrNo.optional(),
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
const limit = wholeNumber.refine((figure) => figure > 0, 'must be a whole number above 0').optional();
const limits = z.strictObject({
  packages: limit,
  revisions: limit,
  entries: limit.refine(
    (figure) => figure === undefined || figure <= MOST_IN_ZIP,
    'must be at most 65,535: a zip holds no more',
  ),
  depth: limit,
  path: limit,
  file: limit,
  package: limit,
  siteFiles: limit,
  siteBytes: limit,
  ratio: limit,
  list: limit,
  manifest: limit,
  parsed: limit,
  values: limit,
} satisfies Record<keyof Limits, z.ZodType>);
/** Of `distributions.yml`. */
export const writtenConfig = z
  .strictObject({
    registry: z.string('must be the version that the registry reports, such as 1.40.1'),
    storage: z.string().min(1).optional(),
    limits: limits.optional(),
    layers: z.record(name, writtenLayer),
    distributions: z.record(name, writtenDistribution),
  })
  .superRefine(({ storage, layers, distributions }, context) => {
    const inStorage = Object.entries(layers).find(([, layer]) => layer?.registry === undefined)?.[0];
    const own = Object.values(distributions).flatMap((one) =>
      (one.layers ?? []).flatMap((layer) => (typeof layer === 'string' ? [] : layer.name)),
    )[0];
    const layer = inStorage ?? own;
    if (storage !== undefined || layer === undefined) return;
    const message = `is missing: the layer "${layer}" lies in a storage`;
    context.addIssue({ code: 'custom', path: ['storage'], message });
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
export type WrittenLayer = NonNullable<z.infer<typeof writtenLayer>>;

function isRegistryUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && search === '' && hash === '';
}
