import { Stop } from '../../errors.ts';
import type { PurgePath } from './purge-list.ts';

/*
 * What is the same for all CDNs. An adapter turns the paths of a list into requests to the API of its CDN.
 */

/** A request to a CDN, and what it purges. */
export interface PurgeRequest {
  readonly paths: readonly PurgePath[];
  /** Sends it once. Throws an `AttemptError`, whose message never holds a credential. */
  send(): Promise<void>;
}

/** Sends to one CDN. */
export interface Cdn {
  /** As people know it. */
  readonly title: string;
  /** How many requests it takes at once. */
  readonly atOnce: number;
  /** The requests for some paths, as large as the CDN takes them. */
  requests(paths: readonly PurgePath[]): PurgeRequest[];
  close(): Promise<void>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable of the environment that a CDN needs. Throws a `Stop`, without its value, where it is not set or can't be one. */
export function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '')
    throw new Stop('usage', `the environment variable ${name} is not set`, 'set it: --purge needs it');
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new Stop('usage', `${name} holds characters that it can't have`, 'set it without spaces and line breaks');
}

/** An id that becomes a part of a URL. */
export function requiredId(environment: Environment, name: string): string {
  const value = required(environment, name);
  if (/^[A-Za-z0-9_-]+$/.test(value)) return value;
  throw new Stop('usage', `${name} is no id`, 'an id has only letters, digits, "_" and "-"');
}

/** Whether a path stands for all that begin so. */
export function isWild(path: PurgePath): boolean {
  return path.endsWith('*');
}

/** A path without the `*` at its end. */
export function beginning(path: PurgePath): string {
  return isWild(path) ? path.slice(0, -1) : path;
}

/** A list in parts of at most `size`. */
export function parts<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
