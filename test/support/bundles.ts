import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { DESCRIPTION, descriptionText, parseDescription, RECIPE, TEXTS } from '../../src/bundle/description.ts';
import type { BundleDescription } from '../../src/bundle/description.ts';
import { parseRecipe, recipeChunks } from '../../src/bundle/recipe.ts';
import type { Recipe } from '../../src/bundle/recipe.ts';
import { readTar, TAR_END, tarHeader, tarPadding } from '../../src/bundle/tar.ts';

/* Bundles of one part, taken apart and put together again: as somebody would who means harm, with every digest and seal right. */

export interface LooseBundle {
  description: BundleDescription;
  recipe: Recipe;
  texts: Buffer;
  /** All other members by name. */
  readonly others: Map<string, Buffer>;
}

export function takeApart(file: string): LooseBundle {
  const bytes = readFileSync(file);
  const tar = openSync(file, 'r');
  const members = readTar(tar, file).map(
    ({ name, offset, size }) => [name, bytes.subarray(offset, offset + size)] as const,
  );
  closeSync(tar);
  const others = new Map(members);
  const take = (name: string): Buffer => {
    const found = others.get(name) as Buffer;
    others.delete(name);
    return found;
  };
  return {
    description: parseDescription(take(DESCRIPTION).toString('utf8'), file),
    recipe: recipeIn(brotliDecompressSync(take(RECIPE)).toString('utf8')),
    texts: brotliDecompressSync(take(TEXTS)),
    others,
  };
}

/** Writes a bundle. `raw` takes the place of members after everything else is made. */
export function putTogether(bundle: LooseBundle, file: string, raw: Readonly<Record<string, Buffer>> = {}): void {
  const members = new Map([
    ...bundle.others,
    [TEXTS, brotliCompressSync(bundle.texts)],
    [RECIPE, brotliCompressSync(Buffer.from(recipeText(bundle.recipe)))],
    ...Object.entries(raw),
  ]);
  const described = [...members].map(([name, bytes]) => ({ name, size: bytes.length, digest: sha256(bytes), part: 1 }));
  const description = Buffer.from(descriptionText({ ...bundle.description, members: described }));
  const all = [...members, [DESCRIPTION, description] as const];
  const blocks = all.flatMap(([name, bytes]) => [
    tarHeader(name, bytes.length),
    bytes,
    Buffer.alloc(tarPadding(bytes.length)),
  ]);
  writeFileSync(file, Buffer.concat([...blocks, TAR_END]));
}

/** The recipe of a text, and the text of a recipe. */
export function recipeIn(text: string): Recipe {
  return parseRecipe(text.split('\n').slice(0, -1), 'F');
}

export function recipeText(recipe: Recipe): string {
  return Buffer.concat([...recipeChunks(recipe)]).toString('utf8');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
