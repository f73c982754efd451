import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseStrictVersion } from '../core/version.ts';
import { errorCode, isAbsence, Stop } from '../errors.ts';
import { parse } from './faults.ts';
import { shownConfig } from './file.ts';
import type { ConfigPlace } from './file.ts';
import { cleanFolder } from './layers.ts';

/*
 * What a Kibana has installed, from a file: the answer of `GET /api/fleet/epm/packages`, or a list of names and versions.
 */

export interface Installed {
  /** What messages call the file. */
  readonly file: string;
  /** Each once, in the order of the file. */
  readonly packages: readonly InstalledPackage[];
}

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
}

/** What Kibana keeps of an installation. */
const installation = z.looseObject({ version: z.string().optional(), previous_version: z.string().nullish() });

/** An item of Kibana's list. Its own version is the newest that the registry has; that of the installation is what is installed. */
const listed = z.looseObject({
  name: z.string(),
  version: z.string().optional(),
  status: z.string().optional(),
  installationInfo: installation.nullish(),
  savedObject: z.looseObject({ attributes: installation.optional() }).nullish(),
});

type Listed = z.infer<typeof listed>;

/**
 * Reads a file relative to the distributions file. Throws a `Stop` that names it, and what is wrong with it: it isn't there, has more
 * than 64 MiB, is no JSON, or is no list of packages.
 */
export async function readInstalled(written: string, config: ConfigPlace): Promise<Installed> {
  const own = typeof config === 'string' ? written : cleanFolder(written, shownConfig(config));
  const file = typeof config === 'string' ? resolve(dirname(config), own) : config.shown(own);
  const text = typeof config === 'string' ? await readText(file) : await config.read(own);
  if (text === undefined) throw new Stop('bad-installed', `${file} is not there`, HINT);
  const items = itemsOf(parseJson(text, file), file);
  const packages = items.flatMap((item, i) => installedOf(item, `${file}: item ${i + 1}`));
  const byId = new Map(packages.map((one) => [`${one.name}@${one.version}`, one]));
  return { file, packages: [...byId.values()] };
}

const HINT = 'it is what GET /api/fleet/epm/packages of Kibana answers, or a list of { "name", "version" }';

/** A list of a thousand packages has a few megabytes. */
const MOST_BYTES = 64 * 2 ** 20;

async function readText(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Stop('bad-installed', `${file} is not a file`, HINT);
    if (found.size > MOST_BYTES)
      throw new Stop('bad-installed', `${file} has ${found.size} bytes, more than ${MOST_BYTES}`, HINT);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Stop) throw error;
    if (isAbsence(error)) return undefined;
    throw new Stop('bad-installed', `${file} can't be read: ${errorCode(error)}`, undefined, error);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Stop('bad-installed', `${file} is not JSON: ${(error as Error).message}`, HINT, error);
  }
}

/** `items` has been called `response` before, and for a while an answer had both. */
function itemsOf(value: unknown, file: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const answer = z.looseObject({ items: z.array(z.unknown()).optional(), response: z.array(z.unknown()).optional() });
  const items = answer.safeParse(value);
  const list = items.success ? (items.data.items ?? items.data.response) : undefined;
  if (!list) throw new Stop('bad-installed', `${file} is no list of packages, and has no list "items"`, HINT);
  return list;
}

/** The versions of a package that are installed, and the one to which Kibana can roll back. */
function installedOf(item: unknown, where: string): InstalledPackage[] {
  const parsed = parse(listed, item);
  if (parsed.faults) {
    const { place, text } = parsed.faults[0] ?? { place: '', text: '' };
    throw new Stop('bad-installed', `${where}${place === '' ? '' : `, "${place}"`}: ${text}`, HINT);
  }
  return versionsOf(parsed.data).map((version) => {
    if (version !== undefined && parseStrictVersion(version)) return { name: parsed.data.name, version };
    throw new Stop('bad-installed', `${where}: ${parsed.data.name} has no version such as 1.2.3`, HINT);
  });
}

function versionsOf({ version, status, installationInfo, savedObject }: Listed): (string | undefined)[] {
  const kept = installationInfo ?? savedObject?.attributes;
  if (kept) return [kept.version ?? version, ...(kept.previous_version ? [kept.previous_version] : [])];
  return status === undefined || status === 'installed' ? [version] : [];
}
