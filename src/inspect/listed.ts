import pLimit from 'p-limit';
import { fileListPath } from '../tree/layout.ts';
import { parseFileList } from '../tree/file-list.ts';
import { parseManifest, toText, YamlError } from '../package/yaml/yaml.ts';
import type { Fields, Value } from '../package/yaml/yaml.ts';
import type { Layer, Revision, Storage } from '../storage/storage.ts';
import { contentSizes, placeIn, storedFiles } from '../workflow/content-sizes.ts';
import { siteFile } from './site.ts';
import type { Site } from './site.ts';

/** What a listing says about a revision. */
export interface ListedRevision {
  readonly name: string;
  readonly version: string;
  /** Undefined for a site, which doesn't tell. */
  readonly layer: string | undefined;
  /** In bytes: of its files together, or of the zip that the storage holds. */
  readonly size: number;
  readonly files: number;
  /** The constraint on versions of Kibana. Undefined if there is none, or if the manifest can't be read. */
  readonly kibana: string | undefined;
  readonly title: string | undefined;
  readonly form: 'folder' | 'zip';
  readonly signed: boolean;
}

const AT_ONCE = 16;

/** What a storage holds of revisions, in their order. It reads their manifests, and judges nothing. */
export async function listedInStorage(
  storage: Storage,
  layers: readonly Layer[],
  revisions: readonly Revision[],
): Promise<ListedRevision[]> {
  const limit = pLimit(AT_ONCE);
  const read = await Promise.all(
    revisions.map((revision) =>
      limit(async () => {
        const { files, zip } = await storage.listFiles(revision);
        const manifest = files.find(({ path }) => path === 'manifest.yml');
        const bytes = manifest && (await storage.read(manifest.content));
        return { revision, files, zip, ...(bytes instanceof Buffer ? factsOf(bytes) : undefined) };
      }),
    ),
  );
  const sizes = await contentSizes(storage, read, placeIn(layers));
  return read.map(({ revision, files, zip, kibana, title }) => ({
    name: revision.name,
    version: revision.version,
    layer: revision.layer,
    size: storedFiles({ files, zip }).reduce((sum, { content }) => sum + (sizes.get(content) ?? 0), 0),
    files: files.length,
    kibana,
    title,
    form: revision.zipped ? 'zip' : 'folder',
    signed: revision.signature !== undefined,
  }));
}

function factsOf(bytes: Buffer): Pick<ListedRevision, 'kibana' | 'title'> | undefined {
  try {
    const fields = parseManifest(bytes);
    return { kibana: textAt(fields, ['conditions', 'kibana', 'version']), title: textAt(fields, ['title']) };
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}

function textAt(fields: Fields, path: readonly string[]): string | undefined {
  let at: Value | undefined = fields;
  for (const key of path) at = isFields(at) ? at[key] : undefined;
  return at === undefined || at === null ? undefined : toText(at);
}

function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a site holds, in the order of answers. */
export async function listedInSite({ folder, revisions }: Site): Promise<ListedRevision[]> {
  const limit = pLimit(AT_ONCE);
  return await Promise.all(
    revisions.map(({ name, version, title, facts }) =>
      limit(async (): Promise<ListedRevision> => {
        const text = (await siteFile(folder, fileListPath(name, version)))?.toString('utf8');
        const { files, signature } = text === undefined ? { files: {} } : parseFileList(text);
        const sizes = Object.values(files).map(([size]) => size);
        const size = sizes.reduce((sum, own) => sum + own, 0);
        const common = { name, version, layer: undefined, kibana: facts.kibana, title, form: 'folder' } as const;
        return { ...common, size, files: sizes.length, signed: signature !== undefined };
      }),
    ),
  );
}
