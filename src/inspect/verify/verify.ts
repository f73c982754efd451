import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsence, Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { hostFolder, hostNames } from '../../hosts/hosts.ts';
import { comparePaths } from '../../paths.ts';
import { journalOf } from '../../tree/current.ts';
import { HOME, manifestPartPath, RELEASE } from '../../tree/layout.ts';
import { hasDigests } from '../../tree/manifest-digests.ts';
import { eachPackage, manifestPartPaths, manifestTotals } from '../../tree/manifest.ts';
import type { ManifestTotals } from '../../tree/manifest.ts';
import { isSealed } from '../../tree/sealed.ts';
import type { Release } from '../../tree/release.ts';
import { isFile, readIfFile } from './disk.ts';
import { changed, disagreement, missing } from './findings.ts';
import { listedForms, listFindings } from './forms.ts';
import { indexedPackage, readIndex } from './index-view.ts';
import type { SiteIndex } from './index-view.ts';
import type { Task, TaskResult } from './tasks.ts';
import { startThreads } from './threads.ts';
import type { Threads } from './threads.ts';

/*
 * Reads a whole site again: every file against the site manifest, and the views of its packages against each other.
 */

export interface Verified {
  /** Files that the manifest lists, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** The names of the hosts whose folders lie beside the site. */
  readonly hosts: readonly string[];
  /** Sorted by place. Each is an error. */
  readonly findings: readonly Finding[];
}

/**
 * Verifies the site in a folder, and the folders of hosts beside it. `onRead` is told how many of the bytes are read. Memory holds the
 * index, and one package a thread. Throws a `Stop` where a build changes the site meanwhile, and the system's error where that has run
 * out of something.
 */
export async function verifySite(folder: string, onRead: (done: number, total: number) => void): Promise<Verified> {
  if (journalOf(folder)) throw new Stop('changed', `a build is changing ${folder}, or was interrupted`, BUILD_AGAIN);
  const release = readRelease(folder);
  const totals = await readTotals(folder);
  if (Array.isArray(totals)) return { files: 0, bytes: 0, hosts: [], findings: [...release.findings, ...totals] };
  const { index, findings: ofIndex } = readIndex(folder);
  let done = 0;
  const threads = startThreads(folder, totals.files, (bytes) =>
    onRead(Math.min((done += bytes), totals.bytes), totals.bytes),
  );
  const hosts = hostNames.filter((name) => lstatSync(hostFolder(folder, name), { throwIfNoEntry: false }));
  try {
    const found = await checkAll(folder, { index, threads, hosts });
    if (readRelease(folder).text !== release.text)
      throw new Stop('changed', `${folder} was built again while it was read`, 'run the command again');
    const own = [...release.findings, ...manifestFindings(release.value, totals), ...ofIndex, ...listFindings(folder)];
    return { files: totals.files, bytes: totals.bytes, hosts, findings: sorted([...own, ...found]) };
  } finally {
    await threads.close();
  }
}

const BUILD_AGAIN = 'let the build end, or build again; then run this command again';

function sorted(findings: readonly Finding[]): Finding[] {
  const different = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...different.values()].sort((a, b) => comparePaths(a.where, b.where));
}

/** The manifest of a site, added up; or what is wrong with it, where a part of it is missing or no file. */
async function readTotals(folder: string): Promise<(ManifestTotals & { readonly parts: string[] }) | Finding[]> {
  const parts = await partsOf(folder);
  const others = parts.filter((path) => !isFile(join(folder, path)));
  if (others.length > 0) return others.map((path) => changed(path, 'is not a file'));
  if (parts.length === 0) return [missing(manifestPartPath(0), 'without its manifest, a site can’t be verified')];
  return { parts, ...(await manifestTotals(folder)) };
}

async function partsOf(folder: string): Promise<string[]> {
  try {
    return await manifestPartPaths(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

interface ReadRelease {
  readonly text: string | undefined;
  readonly value?: Release;
  readonly findings: readonly Finding[];
}

/** The release of a site, if it is one. It is sealed, since no list has its digest. */
function readRelease(folder: string): ReadRelease {
  const text = readIfFile(join(folder, RELEASE))?.toString('utf8');
  if (text === undefined) return { text, findings: [missing(RELEASE, 'every site has it')] };
  if (!isSealed(text))
    return { text, findings: [changed(RELEASE, 'is not what a build writes: its seal is broken, or it has none')] };
  const value = JSON.parse(text) as Release;
  const home = readIfFile(join(folder, HOME))?.toString('utf8');
  const isOfHome = home === undefined || home.includes(`"service.version": ${JSON.stringify(value.registry)}`);
  return {
    text,
    value,
    findings: isOfHome ? [] : [disagreement(RELEASE, `names another version of the registry than ${HOME}`)],
  };
}

function manifestFindings(
  release: Release | undefined,
  { digests, parts }: Pick<ManifestTotals, 'digests'> & { readonly parts: readonly string[] },
): Finding[] {
  if (!release || hasDigests(digests, release)) return [];
  const text = `is not the manifest that ${RELEASE} names`;
  return [{ code: 'manifest-changed', where: parts.join(', '), text, level: 'error' }];
}

interface Checking {
  readonly index: SiteIndex | undefined;
  readonly threads: Threads;
  readonly hosts: typeof hostNames;
}

/** Gives the threads a task for the answers, for each package, for the rest, and for each host. */
async function checkAll(folder: string, { index, threads, hosts }: Checking): Promise<Finding[]> {
  const results: Promise<TaskResult>[] = [];
  const begin = async (task: Task): Promise<void> => void results.push((await threads.start(task)).result);
  const answers = index && (await threads.start({ kind: 'answers' }));
  if (answers) results.push(answers.result);
  const names = new Set<string>();
  const rest: Uint8Array[] = [];
  for await (const { name, lines } of eachPackage(folder)) {
    if (name === '') rest.push(lines);
    else {
      names.add(name);
      await begin({
        kind: 'package',
        name,
        lines: Uint8Array.from(lines),
        index: index && indexedPackage(index, name),
      });
    }
  }
  const known = { names, parts: new Set(await manifestPartPaths(folder)), answers: (await answers?.result)?.answers };
  await begin({ kind: 'rest', lines: Uint8Array.from(Buffer.concat(rest)), known });
  for (const host of hosts) await begin({ kind: 'host', host });
  const all = await Promise.all(results);
  const strays = index?.columns.names.filter((name) => !names.has(name)) ?? [];
  return [
    ...all.flatMap(({ findings }) => findings),
    ...strays.map((name) =>
      disagreement(index?.paths.columns ?? '', `have the package ${name}, and the site manifest has none of it`),
    ),
    ...formsOfNothing(folder, all),
  ];
}

/** The forms that the list names and no file has. */
function formsOfNothing(folder: string, results: readonly TaskResult[]): Finding[] {
  const checked = new Set(results.flatMap(({ forms }) => forms));
  return listedForms(folder).flatMap((path, line) =>
    path === undefined || checked.has(line)
      ? []
      : [disagreement(path, 'is the compressed form of a file that the site manifest does not list')],
  );
}
