import { join } from 'node:path';
import type { Finding } from '../../errors.ts';
import { fileKinds, kindOf } from '../../tree/kinds.ts';
import type { FileKind } from '../../tree/kinds.ts';
import { ENCODED_LIST, MANIFEST } from '../../tree/layout.ts';
import { manifestLine, parseManifestLine } from '../../tree/manifest.ts';
import type { SiteFile } from '../../tree/manifest.ts';
import { mediaType } from '../../tree/media-type.ts';
import { assetFindings } from './assets.ts';
import type { AssetPlace } from './assets.ts';
import type { DiskEntry } from './disk.ts';
import { changed, disagreement, extra, missing } from './findings.ts';
import type { FormCheck } from './forms.ts';
import type { FileFacts, FileReader } from './read-file.ts';

/*
 * Compares lines of the site manifest with what lies on disk.
 */

/** A site while it is checked, in one thread. */
export interface CheckedSite {
  readonly folder: string;
  readonly reader: FileReader;
  readonly forms: FormCheck;
  /** The folders of hosts that hold the files of the site. */
  readonly assets: readonly AssetPlace[];
}

/** A file that is just as its line says. */
export interface GoodFile extends SiteFile {
  readonly kind: FileKind;
  readonly crc32: number;
}

export interface CheckedFiles {
  readonly findings: readonly Finding[];
  /** Every path that a line names. */
  readonly listed: ReadonlySet<string>;
  /** By path, in the order of the lines. */
  readonly good: ReadonlyMap<string, GoodFile>;
}

/**
 * Checks the files that lines of the manifest name, and that nothing else is on disk but what `isOther` names. Reads each file
 * once. Throws the system's error where that has run out of something.
 */
export function checkFiles(
  site: CheckedSite,
  lines: Uint8Array,
  { disk, isOther }: { readonly disk: Iterable<DiskEntry>; readonly isOther?: (path: string) => boolean },
): CheckedFiles {
  const { files, findings } = readLines(lines);
  const there = new Map([...disk].map((entry) => [entry.path, entry]));
  const good = new Map<string, GoodFile>();
  for (const file of files.values()) {
    const found = checkFile(site, file, there.get(file.path));
    findings.push(...found.findings);
    if (found.good) good.set(file.path, found.good);
  }
  const listed = new Set(files.keys());
  for (const entry of there.values()) {
    if (listed.has(entry.path) || site.forms.has(entry.path)) continue;
    findings.push(...(isOther?.(entry.path) ? otherFindings(entry) : extraFindings(entry)));
  }
  return { findings, listed, good };
}

/** The files that lines of the manifest name, by path, and what is wrong with the lines. */
export function readLines(lines: Uint8Array): { files: Map<string, SiteFile>; findings: Finding[] } {
  const findings: Finding[] = [];
  const files = new Map<string, SiteFile>();
  const texts = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString('utf8').split('\n');
  for (const text of texts.at(-1) === '' ? texts.slice(0, -1) : texts) {
    const file = readLine(text);
    if (!file) findings.push(changed(MANIFEST, `a line is not what a build writes: ${text.slice(0, LONGEST_SHOWN)}`));
    else if (files.has(file.path)) findings.push(disagreement(file.path, 'is twice in the site manifest'));
    else files.set(file.path, file);
  }
  return { files, findings };
}

/** Characters of a line. */
const LONGEST_SHOWN = 120;

function readLine(text: string): SiteFile | undefined {
  try {
    const file = parseManifestLine(text);
    return manifestLine(file) === `${text}\n` && typeof file.path === 'string' ? file : undefined;
  } catch {
    return undefined; // parsing alone: no JSON, or no object
  }
}

function checkFile(
  site: CheckedSite,
  file: SiteFile,
  entry: DiskEntry | undefined,
): { readonly findings: readonly Finding[]; readonly good?: GoodFile } {
  const { path, size, digest } = file;
  if (!entry) return { findings: [missing(path, 'the site manifest lists it')] };
  if (entry.kind !== 'file') return { findings: [changed(path, `is ${A_KIND[entry.kind]}, and no file`)] };
  const source = join(site.folder, path);
  const facts = site.reader.facts(source);
  const others = site.assets.flatMap((place) => assetFindings(place, file, { source, reader: site.reader }));
  if (typeof facts === 'string') return { findings: [changed(path, facts), ...others] };
  if (facts.size !== size)
    return { findings: [changed(path, `has ${facts.size} bytes, and the site manifest says ${size}`), ...others] };
  if (facts.digest !== digest)
    return { findings: [changed(path, 'has other content than the site manifest says'), ...others] };
  const kind = kindOf(path);
  if (!kind) return { findings: [extra(path, 'no site has a file of this name'), ...others] };
  const findings = [...lineFindings(file, kind, facts), ...site.forms.check(file), ...others];
  return { findings, good: { ...file, kind, crc32: facts.crc32 } };
}

const A_KIND = { folder: 'a folder', link: 'a symbolic link', other: 'something else' } as const;

function lineFindings({ path, type, cache }: SiteFile, kind: FileKind, { head }: FileFacts): Finding[] {
  const expected = { cache: fileKinds[kind].cache, type: fileKinds[kind].type ?? mediaType(path, () => head) };
  return [
    ...(type === expected.type
      ? []
      : [disagreement(path, `has the media type ${expected.type}, and the site manifest says ${type}`)]),
    ...(cache === expected.cache
      ? []
      : [disagreement(path, `has the cache class "${expected.cache}", and the site manifest says "${cache}"`)]),
  ];
}

/** A file that no line names, and every site has. */
function otherFindings({ path, kind }: DiskEntry): Finding[] {
  return kind === 'file' ? [] : [changed(path, `is ${A_KIND[kind]}, and no file`)];
}

function extraFindings({ path, kind, isEmpty }: DiskEntry): Finding[] {
  if (kind === 'folder') return isEmpty ? [extra(path, 'is an empty folder')] : [];
  const list = /\.(br|gz)$/.test(path) ? ENCODED_LIST : 'the site manifest';
  return [extra(path, `${list} does not name it`)];
}
