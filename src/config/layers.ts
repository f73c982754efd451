import { dirname, resolve } from 'node:path';
import { Stop } from '../errors.ts';
import { listKnown } from '../near-match.ts';
import { shownConfig } from './file.ts';
import type { ConfigPlace } from './file.ts';
import { readKeyFiles, toKeyFile } from './keys.ts';
import type { KeyFile } from './keys.ts';
import type { WithLayers, WrittenConfig, WrittenLayer } from './schema.ts';
import { checkRanges } from './take-lines.ts';
import type { TakeLine } from './take-lines.ts';

/** A layer of a distribution: a part of the storage, or what a registry has. */
export type LayerSpec = StorageLayer | RegistryLayer;

/** The place of a layer in its storage. */
export interface StorageLayer {
  readonly kind: 'storage';
  readonly name: string;
  /** A branch, tag or commit of a git storage. */
  readonly ref: string;
  /** The folder that holds `<name>/<version>/`; `.` is the layer itself. */
  readonly packages: string;
  /** The public keys of those who may sign its packages; undefined if signatures are not verified. */
  readonly keys?: readonly KeyFile[] | undefined;
}

/** A layer that is taken from a registry over HTTP. */
export interface RegistryLayer {
  readonly kind: 'registry';
  readonly name: string;
  /** The URL, without a slash at its end. It may have credentials: nothing prints it as it is. */
  readonly registry: string;
  /** Which revisions it has: what one of the lines takes. Undefined takes everything. */
  readonly take?: readonly TakeLine[] | undefined;
  /** What becomes of a revision that is held and that the registry no longer has. */
  readonly gone: 'keep' | 'drop' | 'refuse';
  /** Whether a package without a signature is refused. */
  readonly signatures: 'optional' | 'required';
  readonly keys?: readonly KeyFile[] | undefined;
}

/** A layer as a distribution names it. */
type NamedLayer = Exclude<WithLayers['layers'][number], string>;

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
  const named = distribution.layers.map((entry) => (typeof entry === 'string' ? entry : entry.name));
  const twice = named.find((layer, i) => named.indexOf(layer) !== i);
  if (twice)
    throw new Stop(
      'layer-twice',
      `${file}: distributions.${dist}.layers names "${twice}" twice`,
      'name each layer once',
    );
  const stray = Object.keys(refs).find((layer) => !named.includes(layer));
  if (stray !== undefined)
    throw new Stop(
      'unknown-layer',
      `--ref ${stray}=…: "${dist}" has no layer "${stray}"`,
      `its layers are: ${listKnown(stray, named)}`,
    );
  return await Promise.all(
    distribution.layers.map(async (entry) => {
      const { name, given } = typeof entry === 'string' ? layerUnder(written, entry, { file, dist }) : ownLayer(entry);
      const ref = Object.hasOwn(refs, name) ? refs[name] : undefined;
      if (ref !== undefined && given.registry !== undefined)
        throw new Stop('registry-layer', `--ref ${name}=…: the layer ${name} is a registry, which has no refs`, PINS);
      return await layerSpec(name, { ...given, ref: ref ?? given.ref }, config);
    }),
  );
}

const PINS = '`build --lock` keeps what it has now, for `build --locked`';

function layerUnder(
  { layers }: WrittenConfig,
  name: string,
  { file, dist }: { file: string; dist: string },
): { name: string; given: WrittenLayer } {
  if (Object.hasOwn(layers, name)) return { name, given: layers[name] ?? {} };
  throw new Stop(
    'unknown-layer',
    `${file}: distributions.${dist}.layers names "${name}", which is not under layers`,
    `the layers are: ${listKnown(name, Object.keys(layers))}`,
  );
}

function ownLayer({ name, ...given }: NamedLayer): { name: string; given: WrittenLayer } {
  return { name, given };
}

/** A layer with its defaults and its keys. Throws a `Stop` if a folder leaves the layer, a range is none, or a file of keys holds none. */
export async function layerSpec(name: string, given: WrittenLayer, config: ConfigPlace): Promise<LayerSpec> {
  const file = shownConfig(config);
  const keys = await readLayerKeys(given.keys, config);
  if (given.registry === undefined)
    return {
      kind: 'storage',
      name,
      ref: given.ref ?? name,
      packages: cleanFolder(given.packages ?? 'packages', file),
      keys,
    };
  const { take, gone = 'keep', signatures = 'optional' } = given;
  await checkRanges(take ?? [], { file, place: `layers.${name}.take` });
  // In one form, since credentials are cut from what is shown.
  const registry = new URL(given.registry).href.replace(/\/+$/, '');
  return { kind: 'registry', name, registry, take, gone, signatures, keys };
}

/** The keys that a layer names. A storage that describes itself has them in the folder of its distributions file, or below. */
async function readLayerKeys(written: readonly string[] | undefined, config: ConfigPlace): Promise<LayerSpec['keys']> {
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
 * everything else: a registry would make a build ask other machines, with the credentials of whoever builds.
 */
export function refuseForeign(written: WrittenConfig, file: string): void {
  const layers = Object.entries(written.layers).map(([name, layer]) => [`layers.${name}`, layer ?? {}] as const);
  const listed = Object.entries(written.distributions).flatMap(([dist, distribution]) =>
    (distribution.layers ?? []).flatMap((layer, i): [string, WrittenLayer][] =>
      typeof layer === 'string' ? [] : [[`distributions.${dist}.layers.${i}`, ownLayer(layer).given]],
    ),
  );
  const all = [...layers, ...listed];
  const lines = [
    ...all.flatMap(([place, { registry }]) =>
      registry === undefined ? [] : `${place}.registry: a storage's own file can't name registries`,
    ),
    ...all.flatMap(([place, { ref }]) =>
      ref === undefined || isOwnRef(ref)
        ? []
        : `${place}.ref: "${ref}" is no branch, tag, commit or folder of the storage`,
    ),
  ];
  if (lines.length === 0) return;
  throw new Stop('bad-config', `${file}:\n  ${lines.join('\n  ')}`, 'name what the storage holds, or use --config');
}

function isOwnRef(ref: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._/+-]*$/.test(ref) && !/\.\.|\/\/|\/$/.test(ref);
}
