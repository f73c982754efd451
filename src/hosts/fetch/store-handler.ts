import { answerRequest, orFailure } from './handler.ts';
import type { FetchSite } from './handler.ts';
import type { Log } from './site-files.ts';
import { storeReleases } from './store-files.ts';
import type { StoreReader } from './store-files.ts';

/**
 * Answers requests from the current release of a store, on hosts with the Fetch standard. Each answer is of one release. Without a release that can be
 * read, the answers that need one are 503.
 */
export function storeHandler(store: StoreReader, log: Log): (request: Request) => Promise<Response> {
  const releases = storeReleases(store, log);
  return async (request) =>
    await orFailure(log, async () => await answerRequest(request, (await releases.current()) ?? NO_SITE));
}

const NO_SITE: FetchSite = {
  index: undefined,
  files: { bytes: () => Promise.resolve(undefined), range: () => Promise.resolve(undefined) },
};
