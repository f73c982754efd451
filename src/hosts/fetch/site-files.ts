import type { Lookup } from '../../core/respond.ts';
import type { Answer, FileBody } from '../../core/response.ts';

/*
 * How hosts get at the files of a site, and what they say where that fails.
 */

/** A site's files, by paths relative to its folder. Undefined means that there is no such file; an error, that it can't be read. */
export interface SiteFiles {
  bytes(path: string): Promise<Uint8Array | undefined>;
  /** The bytes from `start` up to `end`, in a form that the host can stream. */
  range(file: FileBody): Promise<BodyInit | undefined>;
  /** What a site is now; undefined where there is none. Without this function, the texts of two files tell. */
  state?(): Promise<SiteState | undefined>;
}

/** What a site is at some moment. */
export interface SiteState {
  /** Another text for another site, or another build of it. */
  readonly identity: string;
  /** When it last changed, as far as the host knows: seconds since 1970. */
  readonly changed: number;
}

/** Takes what is to be known of a request that went wrong, a line each; `console.error` does. */
export type Log = (line: string) => void;

/** A file of the site may be there and can't be read, or isn't the one that the site names; `reason` is an error, or says it in words. */
export class UnreadableFile extends Error {
  constructor(path: string, reason: unknown) {
    super(`${path} can't be read: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

/** What a log says of an error: of one that isn't a file's, where it came from. */
export function lineOf(error: unknown): string {
  return error instanceof UnreadableFile ? error.message : String((error as Error).stack ?? error);
}

/** The answer to a lookup. Throws an `UnreadableFile` where the text isn't what a build writes. */
export function answerOf(lookup: Lookup, text: string | undefined): Answer {
  try {
    return lookup.answer(text);
  } catch (error) {
    throw new UnreadableFile(lookup.path, error);
  }
}
