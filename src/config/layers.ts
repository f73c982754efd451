import { dirname, resolve } from 'node:path';
import { Stop } from '../errors.ts';
import { listKnown } from '../near-match.ts';
import { shownConfig } from './file.ts';
import type { ConfigPlace } from './file.ts';
import { readKeyFiles, toKeyFile } from './keys.ts';
import type { KeyFile } from './keys.ts';
import type { WithLayers, WrittenConfig } from './schema.ts';

/** The place of a layer in its storage. */
export interface LayerSpec {
  readonly name: string;
  /** A branch, tag or commit of a git storage. */
  readonly ref: string;
  /** The folder that holds `<name>/<version>/`; `.` is the layer itself. */
  readonly packages: string;
  /** The public keys of those who may sign its packages; undefined if signatures are not verified. */
  readonly keys?: readonly KeyFile[] | undefined;
}

/** A layer as a distribution names it. */
type WrittenLayer = Exclude<WithLayers['layers'][number], string>;

/**
 * The layers of a distribution, in rank order. `refs` overrides their refs, by name. Reads the files of their keys. Throws a
 * `Stop` if a name is unknown or occurs twice, or if a file of keys holds none.
 */
export async function resolveLayers(
  written: WrittenConfig,
  distribution: WithLayers,
  { config, dist, refs }: { config: ConfigPlace; dist: string; refs: Readonly<Record<string, string>> },
): Promise<LayerSpec[]> {
  const file = shownConfig(config);
  const specs = distribution.layers.map((entry) => {
    const given: WrittenLayer = typeof entry === 'string' ? { name: entry } : entry;
    if (typeof entry === 'string' && !Object.hasOwn(written.layers, entry))
      throw new Stop(
        'unknown-layer',
        `${file}: distributions.${dist}.layers names "${entry}", which is not under layers`,
        `the layers are: ${listKnown(entry, Object.keys(written.layers))}`,
      );
    const base = typeof entry === 'string' ? written.layers[entry] : undefined;
    const { ref = base?.ref, packages = base?.packages, keys = base?.keys } = given;
    return {
      name: given.name,
      ref: (Object.hasOwn(refs, given.name) ? refs[given.name] : undefined) ?? ref ?? given.name,
      packages: cleanFolder(packages ?? 'packages', file),
      keys,
    };
  });
  const names = specs.map((spec) => spec.name);
  const twice = names.find((layer, i) => names.indexOf(layer) !== i);
  if (twice) throw new Stop('layer-twice', `${file}: distributions.${dist}.layers names "${twice}" twice`);
  const stray = Object.keys(refs).find((layer) => !names.includes(layer));
  if (stray !== undefined)
    throw new Stop(
      'unknown-layer',
      `--ref ${stray}=…: "${dist}" has no layer "${stray}"`,
      `its layers are: ${listKnown(stray, names)}`,
    );
  return await Promise.all(
    specs.map(async ({ keys, ...spec }) => Object.assign(spec, { keys: await readLayerKeys(keys, config) })),
  );
}

/** The keys that a layer names. A storage that describes itself has them in the folder of its distributions file, or below. */
export async function readLayerKeys(
  written: readonly string[] | undefined,
  config: ConfigPlace,
): Promise<LayerSpec['keys']> {
  if (written === undefined || written.length === 0) return undefined;
  if (typeof config === 'string') return await readKeyFiles(written.map((key) => resolve(dirname(config), key)));
  const own = async (key: string): Promise<KeyFile> => {
    const name = cleanFolder(key, shownConfig(config));
    return toKeyFile(config.shown(name), await config.read(name));
  };
  return await Promise.all(written.map(own));
}

/** The path of a folder of a layer, without needless parts. Throws a `Stop` if it leads out of the layer. */
export function cleanFolder(packages: string, file: string): string {
  const parts = packages.split('/').filter((part) => part !== '' && part !== '.');
  if (packages.startsWith('/') || parts.includes('..'))
    throw new Stop(
      'bad-config',
      `${file}: packages: "${packages}" leaves the layer`,
      'name a folder inside the layer, or "."',
    );
  return parts.join('/');
}

/**
 * A storage that describes itself names layers by branches, tags, commits and folders of its own. Throws a `Stop` that lists
 * everything else.
 */
export function refuseForeign(written: WrittenConfig, file: string): void {
  const layers = Object.entries(written.layers).map(([name, layer]) => [`layers.${name}`, layer?.ref] as const);
  const listed = Object.entries(written.distributions).flatMap(([dist, distribution]) =>
    (distribution.layers ?? []).map((layer, i) => {
      return [`distributions.${dist}.layers.${i}`, typeof layer === 'string' ? undefined : layer.ref] as const;
    }),
  );
  const foreign = [...layers, ...listed].filter(([, ref]) => ref !== undefined && !isOwnRef(ref));
  if (foreign.length === 0) return;
  const lines = foreign.map(
    ([place, ref]) => `${place}.ref: "${ref}" is no branch, tag, commit or folder of the storage`,
  );
  throw new Stop('bad-config', `${file}:\n  ${lines.join('\n  ')}`, 'name what the storage holds, or use --config');
}

function isOwnRef(ref: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._/+-]*$/.test(ref) && !/\.\.|\/\/|\/$/.test(ref);
}
