import { asByteString } from '../tree/byte-string.ts';
import type { ByteString } from '../tree/byte-string.ts';
import type { Columns, Variants } from './columns.ts';
import { categoryAt, categoryFamily, findRevisions, matchCategory, profileAt } from './find.ts';
import type { Query } from './query.ts';

/*
 * Composes the body of an answer, in pieces (docs/contract.md sections 3, 4 and 7). Edge-plain. It serializes no JSON:
 * the build has rendered every part of an answer.
 */

/** A piece of a body: a text, or the bytes of the rows file from `start` up to `end`. */
export type Piece = ByteString | { readonly start: number; readonly end: number };

/** The body that answers a query: pieces to be joined. */
export function composeBody(columns: Columns, query: Query): Piece[] {
  return composeFound(columns, query, findRevisions(columns, query));
}

/** The same, of the revisions that `findRevisions` found for the query. */
export function composeFound(columns: Columns, query: Query, found: readonly number[]): Piece[] {
  return query.endpoint === 'search'
    ? searchBody(columns, found, query.category)
    : categoriesBody(columns, found, query.includePolicyTemplates);
}

/** The bytes of a body. */
export function piecesLength(pieces: readonly Piece[]): number {
  let length = 0;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] as Piece;
    length += typeof piece === 'string' ? piece.length : piece.end - piece.start;
  }
  return length;
}

function searchBody(columns: Columns, found: readonly number[], category: ByteString): Piece[] {
  const pieces: Piece[] = [];
  const start = columns.revisions.start;
  const family = category === '' ? [] : categoryFamily(columns, category);
  const variants = category === '' ? undefined : variantsOf(columns, category);
  for (let k = 0; k < found.length; k++) {
    const i = found[k] as number;
    const profile = profileAt(columns, i);
    const match = category === '' ? 'own' : matchCategory(profile, family);
    if (match === 'own') addRow(pieces, start[i] as number, (start[i + 1] as number) - SEPARATOR.length);
    else if (match === 'template') {
      const place = variantPlace(variants, i);
      addRow(pieces, place.start, place.end);
    }
  }
  if (pieces.length === 0) return [asByteString('[]')];
  pieces.push(END);
  return pieces;
}

/** Every row of an answer except the first comes with the separator before it, which the rows file has too. */
function addRow(pieces: Piece[], start: number, end: number): void {
  const last = pieces[pieces.length - 1];
  const from = start - SEPARATOR.length;
  if (last === undefined) pieces.push(START, { start, end });
  else if (typeof last !== 'string' && last.end === from) pieces[pieces.length - 1] = { start: last.start, end };
  else pieces.push({ start: from, end });
}

const START = asByteString('[\n');
const SEPARATOR = asByteString(',\n');
const END = asByteString('\n]\n');

function variantsOf(columns: Columns, category: ByteString): Variants | undefined {
  for (let i = 0; i < columns.variants.length; i++) {
    const variants = columns.variants[i] as Variants;
    if (variants.category === category) return variants;
  }
  return undefined;
}

/** Where in the rows the variant of a revision lies. */
function variantPlace(variants: Variants | undefined, revision: number): { start: number; end: number } {
  for (let k = 0; variants && k < variants.revision.length; k++) {
    if (variants.revision[k] !== revision) continue;
    const start = variants.start[k] as number;
    return { start, end: start + (variants.length[k] as number) };
  }
  throw new Error('the columns lack a variant');
}

function categoriesBody(columns: Columns, found: readonly number[], withTemplates: boolean): Piece[] {
  const counts: number[] = [];
  const positions: Positions = Object.create(null);
  for (let i = 0; i < columns.categories.length; i++) {
    counts.push(0);
    positions[categoryAt(columns, i).id] = i;
  }
  for (let k = 0; k < found.length; k++) {
    const profile = profileAt(columns, found[k] as number);
    const own = profile.categories || [];
    countAll(counts, positions, own);
    if (withTemplates) countTemplates({ columns, counts, positions }, own, profile.templates || []);
  }
  const pieces: Piece[] = [];
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const category = categoryAt(columns, i);
    pieces.push(pieces.length === 0 ? START : SEPARATOR, asByteString(category.before + counts[i] + category.after));
  }
  if (pieces.length === 0) return [asByteString('[]\n')];
  pieces.push(END);
  return pieces;
}

interface Positions {
  [id: ByteString]: number;
}

interface Counting {
  readonly columns: Columns;
  readonly counts: number[];
  readonly positions: Positions;
}

/** What policy templates add to the counts of a package (section 7). */
function countTemplates(
  counting: Counting,
  own: readonly ByteString[],
  templates: readonly (readonly ByteString[])[],
): void {
  if (templates.length === 1 && templates[0] && templates[0].length === 0) return;
  const seen: ByteString[] = [];
  for (let i = 0; i < templates.length; i++) {
    const template = templates[i] as readonly ByteString[];
    countAll(counting.counts, counting.positions, own);
    countAll(counting.counts, counting.positions, template);
    for (let k = 0; k < template.length; k++) {
      const id = template[k] as ByteString;
      if (seen.indexOf(id) >= 0 || lists(counting, own, id)) continue;
      seen.push(id);
      countAll(counting.counts, counting.positions, [id]);
    }
  }
}

function lists(counting: Counting, list: readonly ByteString[], category: ByteString): boolean {
  for (let i = 0; i < list.length; i++) {
    if (list[i] === category) return true;
    const column = categoryAt(counting.columns, counting.positions[list[i] as ByteString] as number);
    if (column.parent >= 0 && categoryAt(counting.columns, column.parent).id === category) return true;
  }
  return false;
}

function countAll(counts: number[], positions: Positions, ids: readonly ByteString[]): void {
  for (let i = 0; i < ids.length; i++) {
    const at = positions[ids[i] as ByteString] as number;
    counts[at] = (counts[at] as number) + 1;
  }
}
