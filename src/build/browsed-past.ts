import { createHash } from 'node:crypto';
import type { Update } from '../catalog/updates.ts';
import { waitingRevisions } from '../catalog/waiting.ts';
import type { FeedFacts } from '../pages/feeds.ts';
import type { UpdateFacts } from '../pages/updates.ts';
import type { WaitingLayer, WaitingPackage } from '../pages/waiting-page.ts';
import type { Revision } from '../storage/storage.ts';
import type { History } from './history.ts';

/*
 * What pages about a distribution show of its past and of its lower layers.
 */

/** What a site serves: titles of its packages by name; and its revisions, in the order of answers. */
export interface Served {
  readonly distribution: string;
  /** In rank order. */
  readonly layers: readonly string[];
  readonly titles: ReadonlyMap<string, string>;
  readonly revisions: readonly Revision[];
  /** Ids that the site leaves out, since they are unfit. */
  readonly unfit: ReadonlySet<string>;
}

/** The updates of a site, under ids that are the same in each build of it. */
export function feedFacts({ distribution, titles, unfit }: Served, { updates, origin }: History): FeedFacts {
  const facts = updates.flatMap((update): UpdateFacts[] => {
    const moves = update.moves.filter(({ name, version }) => !unfit.has(`${name}@${version}`));
    if (moves.length === 0) return [];
    return [{ ...update, id: updateId(distribution, update), time: shownTime(update), moves: moves.map(titled) }];
  });
  return { distribution, id: urnOf(['feed', distribution, origin]), updates: facts };

  function titled(move: Update['moves'][number]): UpdateFacts['moves'][number] {
    const title = titles.get(move.name);
    return { ...move, title: title ?? move.name, isThere: title !== undefined };
  }
}

function updateId(distribution: string, { commit, layer }: Update): string {
  return urnOf(['update', distribution, layer, commit]);
}

/** A URN that follows from its parts alone: a UUID of version 8 (RFC 9562), by SHA-256. */
function urnOf(parts: readonly (string | undefined)[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `urn:uuid:${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')}`;
}

/** In ISO 8601, with a year of four digits, whatever the commit says. */
function shownTime({ time }: Update): string {
  return new Date(Math.min(Math.max(time, 0), LAST_SECOND) * 1000).toISOString();
}

const LAST_SECOND = Date.UTC(9999, 11, 31) / 1000;

/** What waits in each layer below the first. */
export function waitingLayers(served: Served, { arrivals }: History): WaitingLayer[] {
  const { layers, titles, unfit } = served;
  const revisions = served.revisions.filter(({ id }) => !unfit.has(id));
  const held = layers.map((name) => ({ name, revisions: revisions.filter(({ layer }) => layer === name) }));
  const waiting = waitingRevisions(held, ({ id }) => arrivals.get(id));
  return layers.slice(1).map((name, i): WaitingLayer => {
    const own = waiting.filter(({ layer }) => layer === name);
    const packages = new Map<string, WaitingPackage>();
    for (const { name, version, since, newestAbove, outdates } of own) {
      const versions = (packages.get(name)?.versions ?? 0) + 1; // the last is the newest
      packages.set(name, {
        name,
        title: titles.get(name) ?? name,
        version,
        since,
        versions,
        above: newestAbove,
        outdates,
      });
    }
    return { name, for: layers[i] ?? '', versions: own.length, packages: [...packages.values()] };
  });
}
