import { cleanPath, escapePath } from '../core/path.ts';
import { percentDecode } from '../core/query-string.ts';
import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { packageFilePath } from '../tree/layout.ts';
import { toByteString } from '../tree/text.ts';
import type { FileFacts } from './package-facts.ts';

/*
 * Which files of a package its pages may point at, and by which addresses.
 */

export interface PackageFiles {
  /** The address of an image of the package, from one of its pages; undefined where it has no such image. `written` is a path in the package. */
  image(written: string, from: string): string | undefined;
  /** The address of a file that a browser shows without running anything of it. */
  passive(written: string, from: string): string | undefined;
}

/** The files of a revision. `root` leads from a page to the root of the registry. */
export function packageFiles(
  { name, version, files }: { readonly name: string; readonly version: string; readonly files: readonly FileFacts[] },
  root: string,
): PackageFiles {
  const types = new Map(files.map(({ path, type }): [ByteString, string] => [toByteString(path), type]));
  const base = root + packageFilePath(name, version, '');
  const find = (written: string, from: string, isAllowed: (type: string) => boolean): string | undefined => {
    const path = pathIn(written, from);
    const type = path === undefined ? undefined : types.get(path);
    return path === undefined || type === undefined || !isAllowed(type)
      ? undefined
      : `${base}${escapePath(asByteString(`/${path}`))}`;
  };
  return {
    image: (written, from) => find(written, from, (type) => IMAGE.test(type)),
    passive: (written, from) => find(written, from, (type) => PASSIVE.test(type)),
  };
}

const IMAGE = /^image\//;
/** An SVG, HTML or XML that is opened by itself may run scripts. */
const PASSIVE = /^(image\/(?!svg)|text\/(plain|markdown|csv)|application\/(json|pdf|x-yaml|yaml)|text\/(x-)?yaml)/;

/** The path in the package that a reference from a file in the folder `from` leads to, as a browser decodes it. */
function pathIn(written: string, from: string): ByteString | undefined {
  const reference = written.split(/[?#]/, 1)[0] ?? '';
  if (reference === '' || /^[a-z][a-z0-9+.-]*:|^\/\/|\\/i.test(reference)) return undefined;
  const decoded = percentDecode(toByteString(reference));
  if (decoded === undefined) return undefined;
  const path = cleanPath(decoded.startsWith('/') ? decoded : asByteString(`/${from}/${decoded}`));
  return path.slice(1);
}
