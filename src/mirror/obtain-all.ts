import { crc32 } from 'node:zlib';
import pLimit from 'p-limit';
import { Stop } from '../errors.ts';
import type { Finding } from '../errors.ts';
import type { RevisionId } from '../storage/storage.ts';
import type { Wish } from './choice.ts';
import { refusalFinding, revisionFinding } from './findings.ts';
import type { Source } from './findings.ts';
import type { Held } from './mirroring.ts';
import { obtain } from './obtain.ts';
import type { Obtaining } from './obtain.ts';
import { Refusal } from './refusal.ts';

export interface ObtainingAll extends Obtaining {
  readonly source: Source;
  readonly concurrency: number;
  /** Called after each revision that was not held before, also if it can't be had. */
  onFetched(id: RevisionId): void;
}

export interface Obtained {
  readonly held: Held[];
  readonly new: RevisionId[];
  readonly replaced: RevisionId[];
  readonly refused: RevisionId[];
  readonly findings: Finding[];
}

/**
 * Obtains revisions, some at a time. What is wrong with one of them is a finding. Throws a `Stop` once so many in a row fail alike
 * that the registry must be away; an error ends the requests that have not begun.
 */
export async function obtainAll(wishes: readonly Wish[], refresh: boolean, obtaining: ObtainingAll): Promise<Obtained> {
  const obtained: Obtained = { held: [], new: [], replaced: [], refused: [], findings: [] };
  const { source } = obtaining;
  const limit = pLimit(obtaining.concurrency);
  let failuresInRow = 0;
  const one = async (wish: Wish): Promise<void> => {
    const before = obtaining.records.get(wish.listed.id)?.zip.digest;
    try {
      add(obtained, { wish, before, held: await obtain(wish, refresh, obtaining) }, source);
      failuresInRow = 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failuresInRow = error.isDown ? failuresInRow + 1 : 0;
      if (failuresInRow >= 2 * obtaining.concurrency)
        throw awayStop(error, wishes.length - obtained.held.length, source);
      const held = refresh ? await heldStill(wish, obtaining) : undefined;
      const { code, message } = error;
      obtained.findings.push(refusalFinding(wish.listed, source, { code, message, isHeld: held !== undefined }));
      add(obtained, { wish, before, held }, source);
    } finally {
      if (refresh || before === undefined) obtaining.onFetched(wish.listed.id);
    }
  };
  let failure: { readonly error: unknown } | undefined;
  const guarded = async (wish: Wish): Promise<void> => {
    if (failure) return;
    await one(wish).catch((error: unknown) => void (failure ??= { error }));
  };
  await Promise.all(mixed(wishes).map((wish) => limit(guarded, wish)));
  if (failure) throw failure.error;
  return obtained;
}

/** In an order that has nothing to do with their sizes: then those that came first tell how large the others are. */
function mixed(wishes: readonly Wish[]): Wish[] {
  return wishes.toSorted((a, b) => crc32(a.listed.id) - crc32(b.listed.id));
}

interface Outcome {
  readonly wish: Wish;
  /** The digest of the zip that was held before the run. */
  readonly before: string | undefined;
  readonly held: Held | undefined;
}

function add(obtained: Obtained, { wish, before, held }: Outcome, source: Source): void {
  const { id } = wish.listed;
  if (!held) return void obtained.refused.push(id);
  obtained.held.push(held);
  if (before === undefined) obtained.new.push(id);
  if (before === undefined || before === held.zip.digest || wish.locked) return;
  const text = `has another zip than before: its SHA-256 was ${before}, and is ${held.zip.digest} now; the new one counts`;
  obtained.replaced.push(id);
  obtained.findings.push(revisionFinding(wish.listed, source, { code: 'replaced', text, level: 'warning' }));
}

/** What the cache holds of a revision that could not be fetched again. */
async function heldStill(wish: Wish, obtaining: Obtaining): Promise<Held | undefined> {
  try {
    return await obtain(wish, false, { ...obtaining, get: refuseToFetch });
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function awayStop({ message }: Refusal, missing: number, { layer, shown }: Source): Stop {
  const problem = `${layer}: ${shown} no longer gives packages: it ${message}; ${missing} of them are still missing`;
  return new Stop('no-registry', problem, 'run it again later: it fetches only what is missing');
}

function refuseToFetch(): never {
  throw new Refusal('is not held');
}
