import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueryFacts } from '../build/index-files.ts';
import type { Columns, Profile } from '../core/columns.ts';
import { namePositionOf } from '../core/find.ts';
import { isAbsence, Stop } from '../errors.ts';
import { loadIndex } from '../hosts/fetch/index.ts';
import { UnreadableFile } from '../hosts/fetch/site-files.ts';
import type { ByteString } from '../tree/byte-string.ts';
import { findCurrent } from '../tree/current.ts';
import { shownText } from '../tree/text.ts';

/** A built site, read for questions about it. */
export interface Site {
  readonly folder: string;
  readonly columns: Columns;
  /** In the order of answers. */
  readonly revisions: readonly SiteRevision[];
}

export interface SiteRevision {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly facts: QueryFacts;
}

/** Reads the index of the site in a folder. Throws a `Stop` if it isn't whole. */
export async function readSite(folder: string): Promise<Site> {
  const index = await loadIndex({ bytes: (path) => siteFile(folder, path) }).catch((error: unknown) => {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  });
  if (!index) throw new Stop('not-a-site', `${folder} holds no whole site`, 'build it again');
  const { columns, rows } = index;
  const { version, profile, start } = columns.revisions;
  const revisions = version.map((own, i): SiteRevision => {
    const row = rows.subarray(start[i], (start[i + 1] ?? 0) - ROW_END);
    const { title, conditions } = JSON.parse(Buffer.from(row).toString('utf8')) as Summary;
    const constraints = { kibana: conditions?.kibana?.version, agent: conditions?.agent?.version };
    const name = shownText(columns.names[namePositionOf(columns, i)] as ByteString);
    return {
      name,
      version: own,
      title,
      facts: factsOf(columns.profiles[profile[i] as number] as Profile, constraints),
    };
  });
  return { folder, columns, revisions };
}

/** Between two rows lie a comma and a line break. */
const ROW_END = 2;

/** What a row says, as far as it is asked for here. */
interface Summary {
  readonly title: string;
  readonly conditions?: {
    readonly kibana?: { readonly version: string };
    readonly agent?: { readonly version: string };
  };
}

const AGAIN = 'make it readable, or build the site again';

/** The bytes of a file of a site. Undefined if it isn't there. */
export async function siteFile(folder: string, path: string): Promise<Buffer | undefined> {
  return await findCurrent(folder, path, async (tree) =>
    readFile(join(tree, path)).catch((error: unknown) => {
      if (isAbsence(error)) return undefined;
      throw new Stop('not-a-site', `${join(tree, path)} can't be read: ${(error as Error).message}`, AGAIN, error);
    }),
  );
}

/** The facts of a profile as texts, with the constraints as they were written. */
function factsOf(profile: Profile, constraints: { kibana: string | undefined; agent: string | undefined }): QueryFacts {
  const { kibana: _, agent: __, ...facts } = profile;
  const written = Object.entries(constraints).filter(([, text]) => text !== undefined);
  return { ...(asTexts(facts) as Omit<QueryFacts, 'kibana' | 'agent'>), ...Object.fromEntries(written) };
}

function asTexts(value: unknown): unknown {
  if (typeof value === 'string') return shownText(value as ByteString);
  if (Array.isArray(value)) return value.map(asTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asTexts(inner)]));
}
