import { setTimeout as pause } from 'node:timers/promises';
import pLimit from 'p-limit';
import { AttemptError, networkError } from '../../mirror/network-errors.ts';
import type { Cdn, PurgeRequest } from './cdn.ts';
import type { PurgePath } from './purge-list.ts';

/** What a CDN took. */
export interface Sent {
  readonly requests: number;
  readonly paths: number;
  /** Why it did not take the rest. */
  readonly problem: string | undefined;
}

/** Sends paths to a CDN, each request with a few attempts. After one that fails for good, no more are sent. */
export async function sendPurge(cdn: Cdn, paths: readonly PurgePath[]): Promise<Sent> {
  const sent = { requests: 0, paths: 0 };
  let problem: string | undefined;
  const limit = pLimit(cdn.atOnce);
  const one = async (request: PurgeRequest): Promise<void> => {
    if (problem !== undefined) return;
    const fault = await attempt(request);
    if (fault) problem ??= `${cdn.title} ${fault.message}`;
    else [sent.requests, sent.paths] = [sent.requests + 1, sent.paths + request.paths.length];
  };
  await Promise.all(cdn.requests(paths).map((request) => limit(one, request)));
  return { ...sent, problem };
}

/** Sends a request until it is taken; why it is not, where no attempt would help or there were too many. */
async function attempt(request: PurgeRequest): Promise<AttemptError | undefined> {
  for (let attempts = 1; ; attempts++) {
    try {
      await request.send();
      return undefined;
    } catch (error) {
      const fault = error instanceof AttemptError ? error : networkError(error);
      if (!fault) throw error;
      if (!fault.isPassing || attempts >= ATTEMPTS) return fault;
      await pause(fault.wait > 0 ? Math.min(fault.wait, LONGEST_WAIT) : FIRST_WAIT * 2 ** (attempts - 1));
    }
  }
}

const ATTEMPTS = 6;
/** Milliseconds; doubled after each attempt where the CDN doesn't say how long to wait. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 120_000;
