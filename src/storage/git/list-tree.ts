import type { Finding } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { comparePaths } from '../../paths.ts';
import { Lack } from '../lack.ts';
import { measure, unlisted } from '../measure.ts';
import type { PackageFile, Revision, RevisionFiles } from '../storage.ts';
import type { MeasureTree, TreeSource } from './tree-extents.ts';

/** The files of a revision that is a git tree. It is measured first, since a small tree may stand for more files than any disk holds. */
export async function listTree(
  source: TreeSource & { readonly measureTree: MeasureTree },
  revision: Revision,
  limits: Limits,
): Promise<RevisionFiles> {
  const place = `${revision.layer}: ${revision.where}`;
  const extent = await source.measureTree(revision.source);
  if (typeof extent === 'string') return unlisted([{ code: 'limit', where: place, text: extent, level: 'error' }]);
  const files: PackageFile[] = [];
  const findings: Finding[] = [];
  const walk = async (id: string, prefix: string): Promise<void> => {
    const entries = await source.readTree(id);
    if (entries instanceof Lack) {
      findings.push({ ...entries, where: `${place}/${prefix}`, level: 'error' });
      return;
    }
    for (const { kind, name, id: inner, fault } of entries) {
      const path = prefix + name;
      if (kind === 'folder') await walk(inner, `${path}/`);
      else if (fault === undefined) files.push({ path, content: inner });
      else findings.push({ code: 'unfit', where: `${place}/${path}`, text: fault, level: 'error' });
    }
  };
  await walk(revision.source, '');
  const sizes = await source.sizes(files.map(({ content }) => content));
  const measured = files.map((file) => ({ ...file, size: sizes.get(file.content) }));
  const tooLarge = measure(revision, { files: measured, folders: [] }, limits);
  if (tooLarge.length > 0) return unlisted(tooLarge);
  files.sort((a, b) => comparePaths(a.path, b.path));
  return { files, folders: [], zip: undefined, findings };
}
