import { statSync, utimesSync } from 'node:fs';

/*
 * The times of a site's files. nginx makes the ETag of a file from its time and size, so the time of a file must follow from its
 * content: then changed files of equal size differ, and equal files agree on every machine and after every copy.
 */

/**
 * The time of a file whose content has this digest (hex), in seconds since 1970: one of 2^29 even numbers from 1980 to 2014. Zips
 * begin in 1980 and count in steps of two seconds; a time to come makes tar(1) complain.
 */
export function contentTime(digest: string): number {
  return FIRST + 2 * (Number.parseInt(digest.slice(0, 8), 16) >>> 3);
}

const FIRST = Date.UTC(1980, 0, 1) / 1000;

/** Gives a file the time of its content. One that has it already may be somebody else's. */
export function setContentTime(path: string, digest: string): void {
  const time = contentTime(digest);
  if (statSync(path).mtimeMs !== 1000 * time) utimesSync(path, time, time);
}
