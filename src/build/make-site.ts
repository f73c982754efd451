import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cacheFolder } from '../cache-folders.ts';
import { keysDigest } from '../config.ts';
import { hasError } from '../errors.ts';
import type { Finding } from '../errors.ts';
import { generator } from '../generator.ts';
import { recoverFolder } from '../tree/commit/replace.ts';
import { hasEncoded } from '../tree/encoded.ts';
import { replaceRelease } from '../tree/release.ts';
import { openStates } from './cache/states.ts';
import type { States } from './cache/states.ts';
import type { Made } from './carry-out.ts';
import type { State } from './kept.ts';
import { keysOf, planSite } from './plan.ts';
import { relocatedPackages, relocator } from './relocate.ts';
import type { Relocate } from './relocate.ts';
import type { MadeSite, MakeOptions, SiteMaking } from './site-making.ts';
import { releaseOf } from './release-of.ts';
import { staticFiles } from './static-files.ts';

/** What is known of a site before the layers are read that it is made from. */
export interface Known {
  readonly states: States;
  readonly last: State | undefined;
  /** Paths of the site that somebody touched since the last build. */
  readonly touched: Promise<readonly string[]>;
}

/**
 * Begins to look whether somebody touched the site since the last build of it, so that the layers can be read meanwhile. Only for the
 * holder of the lock. Undefined where earlier results don't count.
 */
export async function lookAtSite({
  folder,
  cache,
  noCache,
}: Pick<MakeOptions, 'folder' | 'cache' | 'noCache'>): Promise<Known | undefined> {
  recoverFolder(folder);
  if (noCache) return undefined;
  const states = openStates(cacheFolder(cache, 'state'), folder);
  const last = await states.last();
  const touched = last ? states.touched(last) : Promise.resolve([]);
  touched.catch(() => undefined); // `makeSite` gets the error, unless the layers can't be read
  return { states, last, touched };
}

/** Makes a site, and no more of it than the last build of the same place has not made already. Only for the holder of the lock. */
export async function makeSite(making: SiteMaking, options: MakeOptions, known: Known | undefined): Promise<MadeSite> {
  if (!known) return (await (await carryOut()).writeAnew(making, options)).made;
  const { states } = known;
  const frame = await frameOf(making);
  const last = !options.isAnew && known.last?.frame === frame ? known.last : undefined;
  const plan = planSite(making, last?.keys);
  const kept = last && plan.kind === 'extend' ? await states.packages(last) : undefined;
  const relocate = relocator(last?.keys ?? [], making.revisions);
  if (last && plan.kind === 'unchanged' && (await known.touched).length === 0)
    return await leaveSite(making, options, { before: last, states, relocate });
  const { extendSite, writeAnew } = await carryOut();
  const packages = kept && relocatedPackages(kept, relocate);
  const touched = last ? known.touched : Promise.resolve([]);
  const extended =
    packages && plan.kind === 'extend' && (await extendSite(making, options, { plan, kept: packages, touched }));
  const made = extended || (await writeAnew(making, options));
  await keep(states, frame, { making, made });
  return { ...made.made, findings: [...repairsOf(await touched), ...made.made.findings] };
}

/** A third of the program, which a build of what is unchanged has no use for. */
const carryOut = async () => await import('./carry-out.ts');

function repairsOf(touched: readonly string[]): Finding[] {
  return touched.map((where) => ({
    code: 'repaired',
    where: where === '' ? 'the folder of the site' : where,
    text: 'was changed since the last build; the site is made anew',
    level: 'warning',
  }));
}

/**
 * Increase it when the form of kept states changes, or anything else on which the bytes of a site depend and that no
 * other key holds.
 */
const FORMAT = 9;

/** The digest of everything on which a site depends besides its revisions. */
async function frameOf({ distribution, layers, findings }: SiteMaking): Promise<string> {
  const { storage: _, staticFolders, layers: __, ...settings } = distribution;
  const names = layers.map(({ name }) => name);
  const keys = distribution.layers.map((layer) => keysDigest(layer.keys ?? []));
  const files = await staticDigests(staticFolders);
  return sha256(JSON.stringify([FORMAT, generator, settings, names, keys, files, findings]));
}

async function staticDigests(folders: readonly string[]): Promise<string[]> {
  const files = await staticFiles(folders);
  return await Promise.all(files.map(async ([path, source]) => `${path} ${sha256(await readFile(source))}`));
}

/** A site that lacks revisions, since they are unfit, must not be taken for the whole one. */
async function keep(
  states: States,
  frame: string,
  { making, made }: { making: SiteMaking; made: Made },
): Promise<void> {
  const { site, skipped, packages, revisions } = made.made;
  if (!site || skipped.length > 0) return;
  const kept = { packages, revisions, findings: made.findings, site };
  await states.set({ frame, keys: keysOf(making), made: kept }, made.packages);
}

/** Leaves the site as it is. Only the commits in `release.json` change, and a host may get compressed forms. */
async function leaveSite(
  making: SiteMaking,
  options: MakeOptions,
  { before, states, relocate }: { readonly before: State; readonly states: States; readonly relocate: Relocate },
): Promise<MadeSite> {
  const { made } = before;
  const refusals = await options.refusals(options.folder);
  const findings = [...relocate(made.findings), ...refusals];
  const left = { ...made, findings, skipped: [], how: 'unchanged', site: undefined } as const;
  if (hasError(refusals)) return left;
  const isLacking = options.forms.isWanted && !hasEncoded(options.folder);
  const changes = isLacking ? await (await carryOut()).addForms(making, options, made.site) : undefined;
  options.lock.check();
  const isReplaced = await replaceRelease(options.folder, releaseOf(making, made.site));
  if (isReplaced || isLacking) await states.renew(before);
  return { ...left, site: made.site, changes };
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
