import type { Finding } from '../../errors.ts';
import type { FileKind } from '../../tree/kinds.ts';
import { ENCODED_LIST, MANIFEST, packageOf, RELEASE, STATIC_FILES } from '../../tree/layout.ts';
import { walkDisk } from './disk.ts';
import { asByteString } from '../../tree/byte-string.ts';
import { shownText } from '../../tree/text.ts';
import { changed, disagreement } from './findings.ts';
import { readList } from './revisions.ts';
import { checkFiles } from './site-files.ts';
import type { CheckedFiles, CheckedSite, GoodFile } from './site-files.ts';

/*
 * Checks what belongs to no package: copied files, the index, the answers, and that nothing else is in the site.
 */

/** What is known of the site besides. */
export interface RestKnowledge {
  /** The names of the packages that the manifest lists; their folders are not looked into. */
  readonly names: ReadonlySet<string>;
  readonly parts: ReadonlySet<string>;
  /** Digests of answers by path, as they were computed again; undefined where the index can't be read. */
  readonly answers: ReadonlyMap<string, string> | undefined;
}

/** Checks the lines of the manifest that belong to no package. */
export function checkRest(site: CheckedSite, lines: Uint8Array, known: RestKnowledge): Finding[] {
  const isPackage = (path: string): boolean => known.names.has(packageOf(`${path}/`));
  const isOther = (path: string): boolean => path === RELEASE || path === ENCODED_LIST || known.parts.has(path);
  const files = checkFiles(site, lines, { disk: walkDisk(site.folder, '', isPackage), isOther });
  const others = [...files.good.values()].flatMap((file) => CHECKS[file.kind]({ site, file, files, known }));
  return [...files.findings, ...others, ...missingAnswers(files, known)];
}

interface FileCheck {
  readonly site: CheckedSite;
  readonly file: GoodFile;
  readonly files: CheckedFiles;
  readonly known: RestKnowledge;
}

function nothing(): Finding[] {
  return [];
}

/** A file of a package that stands among the lines that belong to none. */
function misplaced({ file }: FileCheck): Finding[] {
  return [disagreement(file.path, `stands among the lines of no package in ${MANIFEST}`)];
}

/** How each kind of file is compared with others, beside its own bytes. */
const CHECKS: Readonly<Record<FileKind, (check: FileCheck) => Finding[]>> = {
  'package file': misplaced,
  zip: misplaced,
  signature: misplaced,
  'package index': misplaced,
  'file list': misplaced,
  'list of copied files': staticFindings,
  home: nothing, // index-view.ts
  index: nothing, // index-view.ts
  columns: nothing, // index-view.ts
  rows: nothing, // index-view.ts
  answer: answerFindings,
  'copied file': nothing, // staticFindings
};

/** The list of copied files and the manifest name the same, with the same facts. */
function staticFindings({ site, files }: FileCheck): Finding[] {
  const list = readList(site, STATIC_FILES);
  if (!list) return [changed(STATIC_FILES, 'is not a file list')];
  const entries = new Map(Object.entries(list.files).map(([path, entry]) => [shownText(asByteString(path)), entry]));
  const copied = [...files.good.values()].filter(({ kind }) => kind === 'copied file');
  const findings = copied
    .filter(
      ({ path, size, digest, type }) => JSON.stringify(entries.get(path)) !== JSON.stringify([size, digest, type]),
    )
    .map(({ path }) => disagreement(STATIC_FILES, `does not say of ${path} what the site manifest does`));
  const unknown = [...entries.keys()].filter((path) => !files.listed.has(path));
  return [
    ...findings,
    ...unknown.map((path) => disagreement(STATIC_FILES, `lists ${path}, and the site manifest does not`)),
  ];
}

function answerFindings({ file, known }: FileCheck): Finding[] {
  if (!known.answers) return [];
  const digest = known.answers.get(file.path);
  if (digest === file.digest) return [];
  return [
    disagreement(file.path, digest ? 'is not what the edge core gives over the index' : 'is the answer to no question'),
  ];
}

function missingAnswers({ listed }: CheckedFiles, { answers }: RestKnowledge): Finding[] {
  const lacking = [...(answers?.keys() ?? [])].filter((path) => !listed.has(path));
  return lacking.map((path) => disagreement(path, 'is an answer that the site manifest lacks'));
}
