import { randomUUID } from 'node:crypto';
import type { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { hushNodeWarning } from '../sdk.ts';
import { AttemptError } from '../../mirror/network-errors.ts';
import { isWild, parts, requiredId } from './cdn.ts';
import type { Cdn, Environment, PurgeRequest } from './cdn.ts';

/*
 * CloudFront: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html. A path with `*` at its end purges
 * everything that begins so, queries included.
 */

/** Paths that may be in progress: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html */
const MOST_PATHS = 3000;
const MOST_WILD = 15;
/** Milliseconds until there may be room for another invalidation. */
const UNTIL_ROOM = 30_000;

/**
 * Credentials come from where the AWS command line finds them. Throws a `Stop` where the environment doesn't name the distribution.
 */
export async function openCloudFront(site: URL, environment: Environment): Promise<Cdn> {
  const distribution = requiredId(environment, 'CLOUDFRONT_DISTRIBUTION_ID');
  hushNodeWarning();
  const { CloudFrontClient, CreateInvalidationCommand } = await import('@aws-sdk/client-cloudfront');
  const client: CloudFrontClient = new CloudFrontClient({ region: 'us-east-1', maxAttempts: 6 });
  const base = site.pathname.replace(/\/$/, '');
  const request = (paths: readonly string[]): PurgeRequest => {
    // The same one in each attempt: CloudFront takes a request twice for one.
    const CallerReference = randomUUID();
    const Items = paths.map((path) => base + path);
    const InvalidationBatch = { CallerReference, Paths: { Quantity: Items.length, Items } };
    const command = new CreateInvalidationCommand({ DistributionId: distribution, InvalidationBatch });
    return { paths, send: async () => void (await client.send(command).catch(refuse)) };
  };
  return {
    title: 'CloudFront',
    atOnce: 1,
    requests: (paths) => [
      ...parts(paths.filter(isWild), MOST_WILD).map(request),
      ...parts(
        paths.filter((path) => !isWild(path)),
        MOST_PATHS,
      ).map(request),
    ],
    close: () => Promise.resolve(client.destroy()),
  };
}

/** The client has tried it again already, where that could help. */
function refuse(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  const isFull = error.name === 'TooManyInvalidationsInProgress';
  throw new AttemptError(`answers ${error.name}: ${error.message}`, {
    isPassing: isFull,
    ...(isFull && { wait: UNTIL_ROOM }),
  });
}
