import { createHash } from 'node:crypto';
import type { Finding } from '../errors.ts';
import { fetchHandler } from '../hosts/fetch/handler.ts';
import { storeFiles } from '../hosts/fetch/store-files.ts';
import { readInventory, requirePointer } from '../publish/pointer.ts';
import type { ReadOnlyStore } from '../publish/store.ts';
import { BROWSE, FAVICON, RELEASE } from '../tree/layout.ts';
import { releaseKey } from '../tree/store-form.ts';
import type { StorePointer } from '../tree/store-form.ts';

/*
 * Whether a live site answers as the current release of a store does. The expected answers are the edge core's, over the store.
 */

/** What was found of a live site. */
export interface LiveSite {
  readonly site: string;
  /** The current release of the store. */
  readonly release: string;
  /** By the clock of whoever published it. */
  readonly published: string;
  /** How long ago that was by the clock of the store, in milliseconds. */
  readonly age: number;
  /** How many answers were asked for. The check ends at the first request without an answer. */
  readonly asked: number;
  readonly findings: readonly Finding[];
}

/**
 * Asks a site for answers of all kinds. `maxAge` is in milliseconds: a release that was published before counts as too old. Throws a `Stop` where
 * the store can't be read.
 */
export async function verifyLive(site: string, store: ReadOnlyStore, maxAge: number | undefined): Promise<LiveSite> {
  const { pointer } = await requirePointer(store);
  const { revisions } = await readInventory(store, pointer.header);
  const expected = fetchHandler(storeFiles(store, noLog), noLog);
  const targets = targetsOf(Object.keys(revisions));
  const findings: Finding[] = [];
  let asked = 0;
  for (const target of targets) {
    asked++;
    const wanted = await told(expected(new Request(`http://localhost${target}`)));
    const got = await told(
      fetch(new URL(`.${target}`, `${site.replace(/\/$/, '')}/`), {
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT),
      }),
    ).catch((error: Error) => `gives no answer: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    if (typeof got === 'string') {
      findings.push(differs(target, got));
      break; // a site that is down or hangs would take the time of all other requests, too
    }
    findings.push(...differences(wanted, got).map((text) => differs(target, text)));
  }
  const { current, header } = pointer;
  const age = await ageOf(store, pointer);
  if (maxAge !== undefined && age > maxAge)
    findings.push({ code: 'too-old', where: current, text: `was published ${shownAge(age)} ago`, level: 'error' });
  return { site, release: current, published: header.published, age, asked, findings };
}

/** By the clock of the store, which has the time of the release's header. Those of this machine and of the publisher may be wrong. */
async function ageOf(store: ReadOnlyStore, { current, header }: StorePointer): Promise<number> {
  for await (const { key, changed } of store.list(releaseKey(current)))
    if (key === releaseKey(current)) return Math.max(0, (await store.now()) - changed);
  return Date.now() - Date.parse(header.published);
}

function shownAge(age: number): string {
  const hours = age / 3_600_000;
  return hours < 1 ? `${Math.round(age / 60_000)} minutes` : `${hours.toFixed(1)} hours`;
}

/** What the store lacks shows as a 503 that was expected. */
function noLog(): void {}

/** Milliseconds for an answer, its body included: a monitor must come to an end. */
const TIMEOUT = 60_000;

/** Revisions that are asked for: the first, the last and some between them. */
const SOME = 4;

function targetsOf(revisions: readonly string[]): string[] {
  const step = Math.max(1, Math.floor((revisions.length - 1) / (SOME - 1)));
  const some = revisions.filter((_, i) => i % step === 0).slice(0, SOME);
  const own = some.flatMap((id) => {
    const zip = `/epr/${id.slice(0, id.indexOf('/'))}/${id.replace('/', '-')}.zip`;
    const stored = `/artifacts/packages/${id.replace('/', '-')}.zip`;
    return [`/package/${id}/`, `/package/${id}/manifest.yml`, zip, `${zip}.sig`, stored];
  });
  const queries = ['/search', '/search?prerelease=true', '/categories'];
  return ['/', '/health', ...queries, `/${RELEASE}`, `/${FAVICON}`, `/${BROWSE}/`, '/package/none/0.0.0/', ...own];
}

interface Told {
  readonly status: number;
  readonly type: string | null;
  readonly cache: string | null;
  readonly digest: string;
}

async function told(answer: Promise<Response>): Promise<Told> {
  const response = await answer;
  const digest = createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex');
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), cache: headers.get('cache-control'), digest };
}

function differences(wanted: Told, got: Told): string[] {
  if (wanted.status !== got.status) return [`has status ${got.status}, and the release says ${wanted.status}`];
  const headers = (['type', 'cache'] as const).filter((name) => wanted[name] !== got[name]);
  return [
    ...headers.map((name) => `has ${NAMES[name]} ${got[name]}, and the release says ${wanted[name]}`),
    ...(wanted.digest === got.digest ? [] : ['has other bytes than the release']),
  ];
}

const NAMES = { type: 'Content-Type', cache: 'Cache-Control' } as const;

function differs(where: string, text: string): Finding {
  return { code: 'answer-differs', where, text, level: 'error' };
}
