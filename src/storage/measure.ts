import type { Finding } from '../errors.ts';
import { excess } from '../limits.ts';
import type { Limits } from '../limits.ts';
import type { PackageFile, Revision, RevisionFiles } from './storage.ts';

/** A file of a revision with its size in bytes, undefined where that isn't known. */
export interface MeasuredFile extends PackageFile {
  readonly size: number | undefined;
}

/** What is too large in a revision, before anything of it is read. */
export function measure(
  { layer, where }: Revision,
  { files, folders }: { readonly files: readonly MeasuredFile[]; readonly folders: readonly string[] },
  limits: Limits,
): Finding[] {
  const limit = (path: string, text: string | undefined): Finding | [] =>
    text === undefined ? [] : { code: 'limit', where: `${layer}: ${where}${path}`, text, level: 'error' };
  const total = files.reduce((sum, { size = 0 }) => sum + size, 0);
  return [
    limit('', excess(limits, 'entries', files.length + folders.length)),
    limit('', excess(limits, 'package', total)),
    ...files.flatMap(({ path, size = 0 }) => limit(`/${path}`, excess(limits, 'file', size))),
    ...[...files.map(({ path }) => path), ...folders].flatMap((path) =>
      limit(`/${path.slice(0, 100)}`, pathExcess(path, limits)),
    ),
  ].flat();
}

/** What is too large in a path. */
export function pathExcess(path: string, limits: Limits): string | undefined {
  if (path.length * 3 > limits.path) {
    const text = excess(limits, 'path', Buffer.byteLength(path));
    if (text !== undefined) return text;
  }
  return path.length > limits.depth ? excess(limits, 'depth', path.split('/').length - 1) : undefined;
}

/** A revision of which nothing is read, because of what is wrong with it as a whole. */
export function unlisted(findings: readonly Finding[], zip?: string): RevisionFiles {
  return { files: [], folders: [], zip, findings };
}
