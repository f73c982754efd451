import { caseTwins } from '../catalog/case-twins.ts';
import { fileTree } from '../package/file-tree.ts';
import { sizeFault } from '../package/kibana.ts';
import { nameWarnings } from '../package/names.ts';
import { mediaTypeByExtension } from '../tree/media-type.ts';
import type { PackageFile, Revision } from '../storage/storage.ts';
import type { CheckFinding } from './policy.ts';

/*
 * Findings about revisions that are hard to keep in a repository or on disk: names that differ only in case, and sizes.
 */

/** The most that a file may have, in bytes: 25 MiB. */
const LARGEST_FILE = 25 * 2 ** 20;
/** The most that the files of a package may have together, in bytes: 250 MB. */
const LARGEST_PACKAGE = 250e6;

/** Names and versions of `own` that differ only in case from others of the storage. */
export function caseFindings(own: readonly Revision[], all: readonly Revision[]): CheckFinding[] {
  return caseTwins(own, all).map(({ revision, text }) => finding(revision, '', { code: 'case', text }));
}

/** Paths of one revision, folders included, that differ only in case: warnings of a package, and errors of a change. */
export function casePaths(revision: Revision, files: readonly PackageFile[]): CheckFinding[] {
  const paths = files.map(({ path }) => path);
  return nameWarnings(fileTree({ files, folders: [], zip: undefined }), paths).flatMap(({ code, file, text }) =>
    code === 'case' ? [finding(revision, file, { code, text })] : [],
  );
}

/** Files and packages that are too large. `files` are what the storage holds of the revision; `sizes` are by content. */
export function sizeFindings(
  revision: Revision,
  files: readonly PackageFile[],
  sizes: ReadonlyMap<string, number>,
): CheckFinding[] {
  const found = files.map(({ path, content }) => ({ path, size: sizes.get(content) ?? 0 }));
  const total = found.reduce((sum, { size }) => sum + size, 0);
  const large = found.filter(({ size }) => size > LARGEST_FILE);
  const refused = found.flatMap(({ path, size }) => sizeFault(path, size, mediaTypeByExtension(path) ?? '') ?? []);
  return [
    ...refused.map(({ file, text }) => finding(revision, file, { code: 'kibana', text }, 'warning')),
    ...large.map(({ path, size }) =>
      finding(revision, path, { code: 'large-file', text: `has ${inMillions(size)} MB; the most is 25 MiB` }),
    ),
    ...(total > LARGEST_PACKAGE
      ? [finding(revision, '', { code: 'large-package', text: `has ${inMillions(total)} MB; the most is 250 MB` })]
      : []),
  ];
}

function placeOf({ where }: Revision, path: string): string {
  return path === '' ? where : `${where}/${path}`;
}

function finding(
  revision: Revision,
  path: string,
  rest: Pick<CheckFinding, 'code' | 'text'>,
  level: CheckFinding['level'] = 'error',
): CheckFinding {
  const file = placeOf(revision, path);
  return { ...rest, where: `${revision.layer}: ${file}`, file, level };
}

function inMillions(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
