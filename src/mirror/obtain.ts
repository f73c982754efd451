import { readFile } from 'node:fs/promises';
import type { LimitFunction } from 'p-limit';
import { keysDigest } from '../config.ts';
import { excessText } from '../limits.ts';
import { armorFault, MOST_BYTES, signatureFault } from '../package/signature.ts';
import type { SignatureJudge } from '../package/signature-judge.ts';
import type { RevisionId } from '../storage/storage.ts';
import { signaturePath, zipPath } from '../tree/layout.ts';
import { checkZip } from './check-zip.ts';
import type { Contents } from './contents.ts';
import type { Asked, Read } from './exchange.ts';
import type { Wish } from './choice.ts';
import type { Held, HeldFile, Listed, Mirroring } from './mirroring.ts';
import type { HeldRecord, Records } from './records.ts';
import { Refusal } from './refusal.ts';

/** What it takes to hold a revision. */
export interface Obtaining {
  readonly mirroring: Pick<Mirroring, 'layer' | 'keys' | 'signatures' | 'limits'>;
  readonly contents: Contents;
  readonly records: Records;
  readonly judge: SignatureJudge;
  /** Bounds the zips that are unpacked at the same time. */
  readonly checking: LimitFunction;
  /** Fetches something of a revision, and has it read. Throws a `Refusal`. */
  get<T>(asked: Asked, id: RevisionId, read: Read<T>): Promise<T>;
}

/**
 * Sees to it that the cache holds a revision: the zip, and then the signature if there is one. Each is fetched if it isn't held, and
 * counts after all checks. With `refresh`, it is fetched again. Throws a `Refusal`.
 */
export async function obtain(wish: Wish, refresh: boolean, obtaining: Obtaining): Promise<Held> {
  const { listed, locked } = wish;
  const fetchesAnew = refresh && locked === undefined;
  const { records, mirroring } = obtaining;
  const known = records.get(listed.id);
  if (mirroring.signatures === 'required' && !listed.isSigned && known?.signature === undefined)
    throw new Refusal('has no signature, and this distribution requires one', { code: 'signature' });
  const zip = await obtainZip(wish, { known, fetchesAnew }, obtaining);
  const record: HeldRecord = known?.zip.digest === zip.digest ? known : { id: listed.id, zip: entryOf(zip) };
  const keep = (now: HeldRecord): void => {
    // What a lock file has may be older than what is known.
    if (locked === undefined || known === undefined) records.set(now);
  };
  // A refreshed zip takes the place of a good one only if its signature is good too.
  if (!fetchesAnew) keep(record);
  const signature = await obtainSignature(wish, { record, zip, fetchesAnew }, obtaining);
  if (signature) keep({ ...record, signature: entryOf(signature), keys: keysDigest(mirroring.keys) });
  else keep(record);
  return { listed, zip, signature };
}

function entryOf({ size, digest, content }: HeldFile): HeldRecord['zip'] {
  return { size, digest, content };
}

async function obtainZip(
  { listed, locked }: Wish,
  { known, fetchesAnew }: { readonly known: HeldRecord | undefined; readonly fetchesAnew: boolean },
  { mirroring: { limits }, contents, checking, get }: Obtaining,
): Promise<HeldFile> {
  const held = heldFile(known?.zip, locked?.digest, contents);
  if (held && !fetchesAnew) return held;
  const path = zipPath(listed.name, listed.version);
  const check = async (file: string, { digest }: HeldFile): Promise<void> => {
    await checking(() => checkZip(file, listed, limits));
    if (locked && digest !== locked.digest)
      throw new Refusal(`gives another zip than the lock file has: its SHA-256 is ${digest}, not ${locked.digest}`);
  };
  const asked = { path, kind: 'file', limit: limits.file, excess: excessText(limits, 'file') } as const;
  return await get(asked, listed.id, (body) => contents.keep(body, check));
}

/** A file that is held and as it was: the one that is known, or the one with the digest that a lock file has. */
function heldFile(
  known: HeldRecord['zip'] | undefined,
  locked: string | undefined,
  contents: Contents,
): HeldFile | undefined {
  if (locked !== undefined && known?.digest !== locked) return contents.find(locked);
  return known && contents.isWhole(known) ? { ...known, file: contents.fileOf(known.digest) } : undefined;
}

interface ForZip {
  readonly record: HeldRecord;
  readonly zip: HeldFile;
  readonly fetchesAnew: boolean;
}

async function obtainSignature(
  { listed, locked }: Wish,
  { record, zip, fetchesAnew }: ForZip,
  obtaining: Obtaining,
): Promise<HeldFile | undefined> {
  const { contents, mirroring, get } = obtaining;
  if (locked && locked.signature === undefined) return undefined;
  const held = heldFile(record.signature, locked?.signature, contents);
  if (held && !fetchesAnew) {
    if (record.keys !== keysDigest(mirroring.keys)) await verify(held.file, { listed, zip }, obtaining);
    return held;
  }
  if (!listed.isSigned) return undefined;
  const path = signaturePath(listed.name, listed.version);
  const excess = `is larger than a signature: more than ${MOST_BYTES} bytes`;
  const check = async (file: string, { digest }: HeldFile): Promise<void> => {
    await verify(file, { listed, zip }, obtaining);
    if (locked && digest !== locked.signature) throw new Refusal('gives another signature than the lock file has');
  };
  const asked = { path, kind: 'file', limit: MOST_BYTES, excess } as const;
  return await get(asked, listed.id, (body) => contents.keep(body, check));
}

/**
 * Throws a `Refusal` if a file is no signature, or, where there are keys, not that of the zip by one of them. Where nobody asks for
 * signatures, its form is enough: a build takes it so from a storage, too.
 */
async function verify(
  file: string,
  { listed, zip }: { readonly listed: Listed; readonly zip: HeldFile },
  { mirroring: { layer, keys, signatures }, judge }: Obtaining,
): Promise<void> {
  const signature = await readFile(file);
  const isAsked = keys.length > 0 || signatures === 'required';
  const broken = isAsked ? await signatureFault(signature) : armorFault(signature);
  if (broken !== undefined)
    throw new Refusal(`gives a signature that ${broken}`, { code: 'signature', isPassing: true });
  const where = zipPath(listed.name, listed.version);
  const revision = { ...listed, layer, where, source: zip.content, zipped: true, signature: file };
  const pair = { digest: zip.digest, isGenerated: false, signature, readZip: async () => zip.file };
  const [fault] = await judge.judge(revision, async () => pair);
  if (fault) throw new Refusal(`gives a signature that ${fault.text}`, { code: 'signature' });
}
