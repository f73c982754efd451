import { isUrl, readStorageConfig } from '../../config.ts';
import type { LayerPolicy, StorageConfig } from '../../config.ts';
import { Stop } from '../../errors.ts';
import { enumerated, listKnown } from '../../near-match.ts';
import type { Finding } from '../../errors.ts';
import { withoutCredentials } from '../../storage/git/command.ts';
import type { GitStorage, Layer, Storage } from '../../storage/storage.ts';
import { openStorage } from '../../storage/open.ts';
import { checkChange, checkLayers } from '../../workflow/check.ts';
import type { CheckResult } from '../../workflow/check.ts';
import { committedFiles, mergeBase } from '../../storage/git/history.ts';
import { findStorageConfig } from '../../workflow/find-config.ts';
import type { FindOptions } from '../../workflow/find-config.ts';
import { layersAbove, refuseRegistry, storageOf } from '../../workflow/open.ts';
import { titleFindings } from '../../workflow/policy.ts';
import type { CheckedLayer } from '../../workflow/other-layers.ts';

export interface CheckOptions extends FindOptions {
  /** The layer to check. Without one, all layers are checked. */
  readonly layer?: string | undefined;
  /** The start of the change. By default, the layer as it is. */
  readonly base?: string | undefined;
  /** The changed layer. */
  readonly head?: string | undefined;
  readonly title?: string | undefined;
}

export interface CheckReport extends CheckResult {
  readonly storage: string;
  /** The distributions file that has the rules, as messages call it. */
  readonly config: string;
  readonly layers: readonly {
    readonly name: string;
    readonly commit: string | undefined;
    readonly revisions: number;
  }[];
}

/** Checks a change of a layer. Without `base` and `head`, it checks layers as they are. */
export async function check(options: CheckOptions): Promise<CheckReport> {
  const found = await findStorageConfig(options);
  const config = await readStorageConfig({ config: found.config, storage: options.storage });
  const changing = options.base !== undefined || options.head !== undefined;
  const names = scopeOf(config, options, changing);
  const { cache } = options;
  const offline = options.offline || found.isFetched;
  const location = storageOf(config);
  const open = { isUrl: isUrl(location), limits: config.limits, cache, offline };
  const storage = await openStorage(location, open);
  try {
    const layers = await Promise.all(
      ranked(config).map(async (spec) => {
        const isHead = changing && spec.name === options.layer;
        const ref = isHead ? (options.head ?? spec.ref) : spec.ref;
        return checkedLayer({ storage, config }, spec, await storage.readLayer({ ...spec, ref }));
      }),
    );
    const checked = layers.filter(({ layer }) => names.includes(layer.name));
    const rules = { tables: config.tables, cache };
    const [head] = checked;
    const base =
      changing && head
        ? await readBase({ config, storage: gitStorage(storage, config) }, head, options.base)
        : undefined;
    const result =
      head && base
        ? await checkChange({ ...rules, storage: gitStorage(storage, config) }, specOf(config, head.layer.name), {
            head,
            base: base.checked,
            others: layers.filter((other) => other !== head),
          })
        : await checkLayers({ ...rules, storage }, layers, checked);
    const title = options.layer === undefined ? [] : titleFindings(options.layer, options.title);
    return {
      storage: withoutCredentials(location),
      config: config.file,
      layers: checked.map(({ layer: { name, commit, revisions } }) => ({ name, commit, revisions: revisions.length })),
      ...result,
      findings: [...found.findings, ...(base?.findings ?? []), ...title, ...result.findings],
    };
  } finally {
    await storage.close();
  }
}

interface Checking {
  readonly config: StorageConfig;
  readonly storage: Storage;
}

/**
 * The layer at the start of the change: at the last commit that the change shares with the branch it is for. The findings are
 * about that branch.
 */
async function readBase(
  checking: Checking & { readonly storage: GitStorage },
  { layer: head }: CheckedLayer,
  base: string | undefined,
): Promise<{ checked: CheckedLayer; findings: readonly Finding[] }> {
  const { config, storage } = checking;
  const spec = specOf(config, head.name);
  const asked = await storage.readLayer({ ...spec, ref: base ?? spec.ref });
  const common = await mergeBase(storage.repository, asked.commit ?? '', head.commit ?? '');
  const layer = common === undefined ? asked : await storage.readLayer({ ...spec, ref: common });
  return {
    checked: checkedLayer(checking, spec, layer),
    findings: asked.findings.filter(({ code }) => code === 'behind'),
  };
}

/** Throws a `Stop` if the storage has no commits to compare. */
function gitStorage(storage: Storage, config: StorageConfig): GitStorage {
  if (storage.kind === 'git') return storage;
  throw new Stop('no-commits', `${storageOf(config)} is a folder, which has no commits`, 'leave out --base and --head');
}

function checkedLayer(
  { storage, config }: Checking,
  { packages, signatures, keys }: LayerPolicy,
  layer: Layer,
): CheckedLayer {
  const { commit } = layer;
  let files: ReturnType<typeof committedFiles> | undefined;
  const committed = (): ReturnType<typeof committedFiles> =>
    (files ??= storage.kind === 'git' ? committedFiles(storage.repository, { commit, packages }) : NO_FILES);
  return { layer, above: layersAbove(config, layer.name), signatures, keys, committed };
}

/** A folder has neither modes nor commits. */
const NO_FILES: ReturnType<typeof committedFiles> = Promise.resolve(new Map());

/** All layers, highest first. */
function ranked(config: StorageConfig): LayerPolicy[] {
  const rank = new Map(config.layers.map(({ name }) => [name, layersAbove(config, name).size]));
  return [...config.layers].sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0));
}

function scopeOf(config: StorageConfig, { layer, title }: CheckOptions, changing: boolean): string[] {
  const names = config.layers.map(({ name }) => name);
  if (layer !== undefined) return [specOf(config, layer).name];
  if (!changing && title === undefined) return names;
  throw new Stop(
    'no-layer',
    'no layer was named',
    `name the layer that changes with --layer, one of: ${enumerated(names)}`,
  );
}

function specOf(config: StorageConfig, name: string): LayerPolicy {
  refuseRegistry(config, name);
  const found = config.layers.find((spec) => spec.name === name);
  if (found) return found;
  const names = config.layers.map((spec) => spec.name);
  const hint = `the layers are: ${listKnown(name, names)}`;
  throw new Stop('unknown-layer', `${config.file} has no layer "${name}"`, hint);
}
