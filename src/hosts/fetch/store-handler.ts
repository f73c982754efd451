import { answerRequest, orFailure } from './handler.ts';
import type { FetchSite } from './handler.ts';
import { UnreadableFile } from './site-files.ts';
import type { Log } from './site-files.ts';
import { storeReleases } from './store-files.ts';
import type { StoreReader } from './store-files.ts';

/**
 * Answers requests from the current release of a store, on hosts with the Fetch standard. Each answer is of one release. Without a release that can be
 * read, the answers that need one are 503.
 */
export function storeHandler(store: StoreReader, log: Log): (request: Request) => Promise<Response> {
  const releases = storeReleases(store, log);
  const answer = async (request: Request): Promise<Response> => {
    const release = await releases.current();
    try {
      return await answerRequest(request, release ?? NO_SITE);
    } catch (error) {
      const next = error instanceof UnreadableFile ? await releases.current() : undefined;
      if (!next || next.id === release?.id) throw error;
      return await answerRequest(request, next);
    }
  };
  return async (request) => await orFailure(log, () => answer(request));
}

const NO_SITE: FetchSite = {
  index: undefined,
  files: { bytes: () => Promise.resolve(undefined), range: () => Promise.resolve(undefined) },
};
