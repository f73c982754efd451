/*
 * The lines of the site manifest and of the list of compressed forms, which begin alike. What every line has is read without parsing the
 * rest: the lists are long.
 */

/** What every line of a list begins with. */
export interface NamedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly digest: string;
}

/** The files that some lines name, in their order. A line that was cut off or altered is left out. */
export function* filesIn(lines: Buffer): Generator<NamedFile> {
  const text = lines.toString('utf8');
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const pathEnd = text.indexOf(SIZE, at);
    const sizeEnd = text.indexOf(DIGEST, pathEnd);
    if (pathEnd < 0 || sizeEnd < 0 || sizeEnd > end) continue;
    yield {
      path: unescaped(text.slice(at + START.length, pathEnd)),
      size: Number(text.slice(pathEnd + SIZE.length, sizeEnd)),
      digest: text.slice(sizeEnd + DIGEST.length, sizeEnd + DIGEST.length + 64),
    };
  }
}

const START = '{"path":"';
const SIZE = '","size":';
const DIGEST = ',"digest":"';

/** A text inside quotes of JSON. Most have nothing that is escaped. */
function unescaped(text: string): string {
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
