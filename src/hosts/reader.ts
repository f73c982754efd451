import { Stop } from '../errors.ts';

/*
 * A reader is a program for a host that answers from a store. It depends on the store alone, so that a new release needs no deployment.
 */

/** A bucket, and what keys in it begin with: '' or with a slash at its end. */
export interface Bucket {
  readonly name: string;
  readonly prefix: string;
}

/** What `reader` writes for a host. */
export interface ReaderProgram {
  /** The files of the folder, by name. `code` is the host's bundle. Throws a `Stop` for a store that the host can't read. */
  files(store: string, code: string): ReadonlyMap<string, string>;
  /** The next commands, to paste. */
  next(store: string, folder: string): readonly string[];
}

/** The bucket of a URL such as `s3://bucket/prefix`; undefined of any other text. */
export function bucketOf(url: string): Bucket | undefined {
  const [, name, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
  const parts = path.split('/').filter((part) => part !== '');
  return name === undefined ? undefined : { name, prefix: parts.map((part) => `${part}/`).join('') };
}

/** The same. Throws a `Stop` for any other text: `host` reads buckets alone. */
export function requireBucket(url: string, host: string): Bucket {
  const bucket = bucketOf(url);
  if (bucket) return bucket;
  throw new Stop('usage', `${url} is no bucket, and ${host} reads nothing else`, 'write it as s3://BUCKET/PREFIX');
}

/** The URL of a bucket. */
export function bucketUrl({ name, prefix }: Bucket): string {
  return `s3://${name}/${prefix}`.replace(/\/$/, '');
}
