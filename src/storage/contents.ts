import type { Finding } from '../errors.ts';
import type { Lack } from './lack.ts';
import type { PackageFile, Revision, RevisionFiles } from './storage.ts';

/** A revision and its files. */
type Listed = Pick<RevisionFiles, 'files' | 'zip'> & { readonly revision: Revision };

/** Every content of a revision, with the place it has in the storage: its files, the zip that it is, its signature. */
export function contentsOf(listed: Listed): PackageFile[] {
  const { where } = listed.revision;
  return [...listed.files.map(({ path, content }) => ({ path: `${where}/${path}`, content })), ...whole(listed)];
}

/** The contents that the storage itself must have: of a zip not those inside it, since they come with it. */
export function storedContents(listed: Listed): string[] {
  return (listed.zip === undefined ? contentsOf(listed) : whole(listed)).map(({ content }) => content);
}

function whole({ revision: { where, signature }, zip }: Listed): PackageFile[] {
  const own = zip === undefined ? [] : [{ path: where, content: zip }];
  return signature === undefined ? own : [...own, { path: `${where}.sig`, content: signature }];
}

/** A finding for every file whose content the storage lacks, and for every file whose name some file system can't hold. */
export function contentFindings(listed: Listed, lacks: ReadonlyMap<string, Lack>): Finding[] {
  return contentsOf(listed).flatMap(({ path, content }) => {
    const where = `${listed.revision.layer}: ${path}`;
    const lack = lacks.get(content);
    if (lack) return { code: lack.code, where, text: lack.text, level: 'error' };
    const text = nameFault(path);
    return text === undefined ? [] : { code: 'unfit', where, text, level: 'error' };
  });
}

function nameFault(path: string): string | undefined {
  if (GIT_FOLDER.test(path)) return "is called like git's own folder";
  return isTooLong(path) ? 'has too long a name for a file' : undefined;
}

/** What git takes for its own folder on some file system (git-fsck(1), "hasDotgit"). */
const GIT_FOLDER = /(?:^|\/)(?:\.git|git~1)[ .]*(?:\/|$)/i;

/**
 * Most file systems allow 255 bytes for a name, and 4,096 for a path from the root. The path of the site's folder takes
 * a part of those.
 */
function isTooLong(path: string): boolean {
  if (path.length < 255 / 3) return false;
  return Buffer.byteLength(path) > 3000 || path.split('/').some((name) => Buffer.byteLength(name) > 255);
}
