import { createHash } from 'node:crypto';
import { document } from './json.ts';
import type { JsonObject } from './json.ts';

/*
 * Documents that no list has the digest of: their last member is the digest of the document without it, so that damage shows.
 */

/** The text of a document with its seal. */
export function sealedDocument(value: JsonObject): string {
  return document({ ...value, [SEAL]: sealOf(value) });
}

/** Whether a text is a document just as `sealedDocument` writes it. Numbers must be exact in JavaScript. */
export function isSealed(text: string): boolean {
  try {
    const { [SEAL]: seal, ...value } = JSON.parse(text) as JsonObject;
    return seal === sealOf(value) && sealedDocument(value) === text;
  } catch {
    return false; // no JSON, or no object
  }
}

const SEAL = 'seal';

function sealOf(value: JsonObject): string {
  return createHash('sha256').update(document(value)).digest('hex');
}
