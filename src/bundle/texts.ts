import { BLOCK, blockTable, hashAt, roll } from './block-table.ts';
import type { BlockTable } from './block-table.ts';
import type { BaseFile, Span } from './recipe.ts';

/*
 * Finds what texts have in common: with files of the base, and with the texts before them. Blocks of what is known lie in a table by a
 * hash, and a window rolls over a new text and looks up each place (A. Tridgell, "Efficient Algorithms for Sorting and
 * Synchronization", 1999, chapter 3).
 */

export interface Texts {
  /** Has texts be ranges of a file of the base, of which these are the bytes. */
  know(file: BaseFile, bytes: Buffer): void;
  /** The spans that make a text. What is new in it comes to the end of the texts. */
  add(text: Buffer): Span[];
  /** All that is new, one behind another. */
  bytes(): Buffer;
  /** The files of the base that spans name, by number. */
  bases(): readonly BaseFile[];
}

/** `most` is how many bytes of texts are likely to come. */
export function openTexts(most: number): Texts {
  const table = blockTable();
  const own = growing(most);
  const sources: Uint8Array[] = [own.bytes()];
  const files: (BaseFile | undefined)[] = [undefined];
  const bases: BaseFile[] = [];
  const numbers = new Map<BaseFile | undefined, number>();
  const span = (source: number, offset: number, length: number): Span => {
    const file = files[source];
    if (file === undefined) return ['texts', offset, length];
    const number = numbers.get(file) ?? bases.push(file) - 1;
    numbers.set(file, number);
    return ['base', number, offset, length];
  };
  const literal = (bytes: Uint8Array): Span => {
    const offset = own.append(bytes);
    sources[0] = own.bytes();
    table.enter(0, own.bytes(), Math.max(0, offset - BLOCK + 1), own.bytes().length);
    return ['texts', offset, bytes.length];
  };
  return {
    know: (file, bytes) => {
      if (sources.length > MAX_SOURCES) return;
      table.enter(sources.length, bytes, 0, bytes.length);
      sources.push(bytes);
      files.push(file);
    },
    add: (text) => {
      const found: Span[] = [];
      for (let done = 0; done < text.length;) {
        const limit = Math.min(text.length, done + LONGEST);
        const match = firstMatch(text, { from: done, limit }, { sources, table });
        const end = match?.start ?? limit;
        if (end > done) push(found, literal(text.subarray(done, end)));
        if (match) push(found, span(match.source, match.offset, match.length));
        done = end + (match?.length ?? 0);
      }
      return found;
    },
    bytes: own.bytes,
    bases: () => bases,
  };
}

/** The most bytes of a text before it is known to what follows. */
const LONGEST = 2 ** 16;
/** The least bytes of a range of the texts: Brotli says shorter ones in less than a recipe does. */
const LEAST = 1024;
/** As many as the table can tell apart. */
const MAX_SOURCES = 2 ** 16 - 2;

interface Match {
  /** Where it begins in the text. */
  readonly start: number;
  readonly length: number;
  readonly source: number;
  readonly offset: number;
}

/** The first place of a text, from `from` on, at which a known block lies before `limit`; as long as it goes, also beyond `limit`. */
function firstMatch(
  text: Uint8Array,
  { from, limit }: { readonly from: number; readonly limit: number },
  { sources, table }: { readonly sources: readonly Uint8Array[]; readonly table: BlockTable },
): Match | undefined {
  let hash: number | undefined;
  for (let at = from; at + BLOCK <= limit; at++) {
    hash = hash === undefined ? hashAt(text, at) : roll(hash, text[at - 1] as number, text[at + BLOCK - 1] as number);
    const slot = table.find(hash);
    if (slot < 0) continue;
    const source = table.sourceAt(slot);
    const match = extended(text, { at, from }, { bytes: sources[source] as Uint8Array, offset: table.offsetAt(slot) });
    if (!match) continue;
    if (source > 0 || match.length >= LEAST) return { ...match, source };
    at = match.start + match.length - 1; // too short: on behind it
    hash = undefined;
  }
  return undefined;
}

/** How far a text and a source agree around a place; undefined where they don't over a block: then the hash was that of another one. */
function extended(
  text: Uint8Array,
  { at, from }: { readonly at: number; readonly from: number },
  { bytes, offset }: { readonly bytes: Uint8Array; readonly offset: number },
): Omit<Match, 'source'> | undefined {
  let after = 0;
  const most = Math.min(text.length - at, bytes.length - offset);
  while (after < most && text[at + after] === bytes[offset + after]) after++;
  if (after < BLOCK) return undefined;
  let before = 0;
  const least = Math.min(at - from, offset);
  while (before < least && text[at - before - 1] === bytes[offset - before - 1]) before++;
  return { start: at - before, offset: offset - before, length: before + after };
}

/** Adds a span, as one with the last where it goes on there. */
function push(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  if (last?.[0] === 'texts' && next[0] === 'texts' && last[1] + last[2] === next[1])
    spans[spans.length - 1] = ['texts', last[1], last[2] + next[2]];
  else spans.push(next);
}

interface Growing {
  /** All that was added so far. */
  bytes(): Buffer;
  /** Gives the offset of what was added. */
  append(bytes: Uint8Array): number;
}

/** Memory of the system that nothing was written to costs nothing, so all that may be needed is asked for at once. */
function growing(most: number): Growing {
  let memory = Buffer.allocUnsafeSlow(Math.min(2 ** 20 + most, 2 ** 30));
  let length = 0;
  return {
    bytes: () => memory.subarray(0, length),
    append: (bytes) => {
      if (length + bytes.length > memory.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(length + bytes.length, Math.ceil(memory.length * 1.5)));
        memory.copy(larger, 0, 0, length);
        memory = larger;
      }
      memory.set(bytes, length);
      length += bytes.length;
      return length - bytes.length;
    },
  };
}
