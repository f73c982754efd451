import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAbsence } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { ENCODED_LIST, HOST_RECORD } from '../../tree/layout.ts';
import { manifestPartPaths } from '../../tree/manifest.ts';
import type { FolderChange } from './change.ts';
import type { OpenBundle } from './open-bundles.ts';
import { inMegabytes, placeOf } from './places.ts';
import type { Target } from './target.ts';

/*
 * What came of applying bundles, for the user.
 */

export interface ApplyReport {
  readonly folder: string;
  readonly distribution: string;
  /** The digest of the site manifest. */
  readonly manifest: string;
  /** The bundles that were applied, in order. None where the folder was the site already. */
  readonly applied: readonly string[];
  /** The hosts whose folders came with the site. */
  readonly hosts: readonly string[];
  /** Files that are new or changed, and those that are gone, in all folders. */
  readonly added: number;
  readonly removed: number;
  /** The bytes that were written. */
  readonly written: number;
  /** Files of all folders, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Warnings. */
  readonly findings: readonly Finding[];
}

/** How a folder became the site of the last of some bundles. */
export interface Applied {
  readonly used: readonly OpenBundle[];
  readonly target: Target;
  readonly changes: readonly FolderChange[];
  /** Bytes. */
  readonly written: number;
  /** Files that went though no list of the site before named them. */
  readonly extra: readonly string[];
}

/** What goes though no list of the site that was there names it: somebody else put it there. */
export async function extraFiles(folder: string, changes: readonly FolderChange[]): Promise<string[]> {
  const site = changes.find(({ host }) => host === '');
  if (!site || site.removed.length === 0) return [];
  const extra = new Set(site.removed);
  for (const list of existsSync(folder) ? [...(await listsOf(folder)), ENCODED_LIST] : []) {
    extra.delete(list);
    for (const path of pathsIn(join(folder, list))) extra.delete(path);
  }
  return [...extra];
}

async function listsOf(folder: string): Promise<string[]> {
  try {
    return await manifestPartPaths(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** The paths that a list names, as far as it can be read: it may be damaged. */
function* pathsIn(list: string): Generator<string> {
  if (!existsSync(list)) return;
  const bytes = readFileSync(list);
  for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
    const next = bytes.indexOf(10, at);
    end = next < 0 ? bytes.length : next;
    const [, text] = /^\{"path":("(?:[^"\\]|\\.)*")/.exec(bytes.toString('utf8', at, end)) ?? [];
    if (text !== undefined) yield JSON.parse(text) as string;
  }
}

/** The report of bundles that were applied to a folder. */
export function reportOf(folder: string, { used, target, changes, written, extra }: Applied): ApplyReport {
  const { distribution, site, manifest, files, bytes } = (used.at(-1) as OpenBundle).description;
  const [added, removed] = [changes.flatMap((one) => one.added).length, changes.flatMap((one) => one.removed).length];
  return {
    folder,
    distribution,
    manifest,
    applied: added + removed > 0 ? used.map(({ path }) => path) : [],
    hosts: [...target.folders.keys()].filter((host) => host !== ''),
    added,
    removed,
    written,
    files,
    bytes,
    findings: [...extra.map(extraFinding), ...staleHosts(folder, target), ...renamed(folder, { site, target })],
  };
}

function extraFinding(where: string): Finding {
  return { code: 'file-extra', where, text: 'was no file of the site, and is gone', level: 'warning' };
}

/** The folders of hosts that were there, and that the bundles have none for. */
function staleHosts(folder: string, { folders }: Target): Finding[] {
  const start = `${basename(folder)}.`;
  const found = readdirSync(dirname(folder)).flatMap((name) =>
    name.startsWith(start) ? [name.slice(start.length)] : [],
  );
  const stale = found.filter((host) => !folders.has(host) && existsSync(join(placeOf(folder, host), HOST_RECORD)));
  const text = 'is of another build of the site: the bundle has no folder for this host, and it was left as it is';
  return stale.map((host) => ({ code: 'host-stale', where: `${start}${host}`, text, level: 'warning' }));
}

/** The configuration of nginx names the folder of the site. */
function renamed(folder: string, { site, target }: { readonly site: string; readonly target: Target }): Finding[] {
  const own = basename(folder);
  if (own === site || !target.folders.has('nginx')) return [];
  const text = `looks for the site in a folder called ${site}, and it lies in ${own}: nginx won't find it; apply the bundle --to a folder called ${site}, or build and bundle a site in a folder called ${own}`;
  return [{ code: 'other-name', where: `${own}.nginx`, text, level: 'warning' }];
}

/** The report for a person, a line each. */
export function appliedLines({ folder, distribution, applied, hosts, ...counts }: ApplyReport): string[] {
  const { added, removed, written, files, bytes, manifest } = counts;
  const beside =
    hosts.length === 0 ? '' : `, with what ${hosts.join(', ')} ${hosts.length === 1 ? 'needs' : 'need'} beside it`;
  const done = applied.length === 0 ? 'is already' : 'is now';
  return [
    `${folder} ${done} the site "${distribution}"${beside}`,
    `  ${files.toLocaleString('en-US')} files, ${inMegabytes(bytes)}; ${added} new or changed, ${removed} gone; ${inMegabytes(written)} written`,
    `  site manifest ${manifest}`,
  ];
}
