import type { Finding } from '../errors.ts';
import { revisionId } from './storage.ts';
import type { Layer, Revision } from './storage.ts';

/** An entry of a layer's packages folder, at depth one (`<name>`, `<file>.zip`) or two (`<version>`). */
export interface LayerItem {
  /** Relative to the packages folder. */
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'other';
  /** How the storage finds it: by the id of a git object, or by a path. */
  readonly source: string;
  /** Why it is neither a folder nor a file that a layer can have; undefined where it is one. */
  readonly fault: string | undefined;
}

/**
 * The revisions among the items of a layer: `<name>/<version>/`, with a signature at `<name>/<version>.sig`, and
 * `<name>-<version>.zip`, with one at `<name>-<version>.zip.sig`. One id twice in a layer is a finding, the folder stays.
 */
export function listRevisions(
  layer: { readonly name: string; readonly packages: string },
  items: readonly LayerItem[],
): Pick<Layer, 'revisions' | 'findings'> {
  const findings: Finding[] = [];
  const revisions = new Map<string, Revision>();
  const paths = new Set(items.map(({ path }) => path));
  const signatures = new Map(
    items.filter((e) => e.kind === 'file' && e.path.endsWith('.sig')).map((e) => [e.path.slice(0, -4), e.source]),
  );
  for (const item of [...items].sort((a, b) => Number(a.kind !== 'folder') - Number(b.kind !== 'folder'))) {
    const where = [layer.packages, item.path].filter((part) => part !== '').join('/');
    const names = revisionNames(item);
    if (item.kind === 'other' && !names)
      findings.push(finding('not-a-file', `${layer.name}: ${where}`, item.fault ?? 'is neither a file nor a folder'));
    if (!names && item.kind === 'file' && item.path.endsWith('.zip'))
      findings.push(finding('unfit', `${layer.name}: ${where}`, MISPLACED));
    if (!names && isStray(item, paths))
      findings.push({ ...finding('stray', `${layer.name}: ${where}`, strayText(item)), level: 'warning' });
    if (!names) continue;
    const id = revisionId(names.name, names.version);
    const other = revisions.get(id);
    if (other)
      findings.push(finding('twice', `${layer.name}: ${where}`, `${id} is also at ${other.where}; that one is used`));
    else
      revisions.set(id, {
        id,
        ...names,
        layer: layer.name,
        where,
        source: item.source,
        zipped: item.kind === 'file',
        signature: signatures.get(item.path),
      });
  }
  return { revisions: [...revisions.values()], findings };
}

/** Whether a file belongs to nothing: no zip, no signature of anything, and nothing that repositories hold for people and tools. */
function isStray({ kind, path }: LayerItem, paths: ReadonlySet<string>): boolean {
  if (kind !== 'file' || path.endsWith('.zip') || /(^|\/)(\.|(README|LICENSE|NOTICE|CHANGELOG)(\.|$))/i.test(path))
    return false;
  if (!path.endsWith('.sig')) return true;
  return !paths.has(path.slice(0, -'.sig'.length));
}

function strayText({ path }: LayerItem): string {
  if (path.endsWith('.sig')) return 'is a signature of nothing that is here';
  const isManifest = /^[^/]+\/manifest\.yml$/.test(path);
  return isManifest
    ? 'is not served: a package lies in a folder of its version, <name>/<version>/'
    : 'belongs to no package, and is not served';
}

const MISPLACED = 'is not served: a zip of a package lies at <name>-<version>.zip in the folder of packages';

function revisionNames(item: Pick<LayerItem, 'path' | 'kind'>): { name: string; version: string } | undefined {
  const [name = '', version, ...rest] = item.path.split('/');
  if (item.kind === 'folder') return version === undefined || rest.length > 0 ? undefined : { name, version };
  if (item.kind === 'other' || version !== undefined || !name.endsWith('.zip')) return undefined;
  const [, zipName, zipVersion] = /^([^-]+)-(.+)\.zip$/.exec(name) ?? [];
  return zipName === undefined || zipVersion === undefined ? undefined : { name: zipName, version: zipVersion };
}

/** The name and version of a revision at its place in a storage; undefined where none can be. `packages` is the folder of its layer's packages. */
export function namesAt(where: string, packages: string): { name: string; version: string } | undefined {
  const path = packages === '' ? where : where.slice(packages.length + 1);
  return revisionNames({ path, kind: path.includes('/') ? 'folder' : 'file' });
}

function finding(code: Finding['code'], where: string, text: string): Finding {
  return { code, where, text, level: 'error' };
}
