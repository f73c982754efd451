import type { BaseFile, Stream } from './recipe.ts';

/*
 * What a receiver holds already, as far as it is known here.
 */

export interface Base {
  /** The digest of its site manifest. */
  readonly manifest: string;
  /** Whether it has a file with this content. */
  has(digest: string): boolean;
  /** Whether one of its zips has this raw stream, for a package file with its content. */
  hasStream(stream: Pick<Stream, 'digest' | 'content' | 'packedSize'>): boolean;
  /** Its generated files that are worth to be compared with new ones. `isStill` tells which contents the new site has too. */
  texts(isStill: (digest: string) => boolean): Iterable<{ readonly file: BaseFile; readonly bytes: Buffer }>;
  /** Closes what is open. */
  close(): void;
}
