import type { Finding } from '../../errors.ts';
import type { FileKind } from '../../tree/kinds.ts';
import { ENCODED_LIST, MANIFEST, packageOf, PAGE_LIST, RELEASE, STATIC_FILES } from '../../tree/layout.ts';
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
  return [disagreement(file.path, `is listed in the wrong place of ${MANIFEST}: not with the files of its package`)];
}

/** How each kind of file is compared with others, beside its own bytes. */
const CHECKS: Readonly<Record<FileKind, (check: FileCheck) => Finding[]>> = {
  'package file': misplaced,
  zip: misplaced,
  signature: misplaced,
  'package index': misplaced,
  'file list': misplaced,
  'list of copied files': (check) => listFindings(check, 'copied file', STATIC_FILES),
  'list of pages': (check) => listFindings(check, 'page', PAGE_LIST),
  page: ({ file, files }) =>
    files.listed.has(PAGE_LIST) ? [] : [disagreement(file.path, `is a page, and the site has no ${PAGE_LIST}`)],
  home: nothing, // index-view.ts
  index: nothing, // index-view.ts
  columns: nothing, // index-view.ts
  rows: nothing, // index-view.ts
  answer: answerFindings,
  'copied file': nothing, // listFindings
};

/** A list and the manifest name the same files of a kind, with the same facts. */
function listFindings({ site, files }: FileCheck, listed: FileKind, where: string): Finding[] {
  const list = readList(site, where);
  if (!list) return [changed(where, 'is not a file list')];
  const entries = new Map(Object.entries(list.files).map(([path, entry]) => [shownText(asByteString(path)), entry]));
  const own = [...files.good.values()].filter(({ kind }) => kind === listed);
  const findings = own
    .filter(
      ({ path, size, digest, type }) => JSON.stringify(entries.get(path)) !== JSON.stringify([size, digest, type]),
    )
    .map(({ path }) => disagreement(where, `says something else about ${path} than the site manifest`));
  const unknown = [...entries.keys()].filter((path) => !files.listed.has(path));
  return [...findings, ...unknown.map((path) => disagreement(where, `lists ${path}, and the site manifest does not`))];
}

function answerFindings({ file, known }: FileCheck): Finding[] {
  if (!known.answers) return [];
  const digest = known.answers.get(file.path);
  if (digest === file.digest) return [];
  return [
    disagreement(
      file.path,
      digest ? 'is another answer than the edge core makes of the index' : 'is an answer that no query gets',
    ),
  ];
}

function missingAnswers({ listed }: CheckedFiles, { answers }: RestKnowledge): Finding[] {
  const lacking = [...(answers?.keys() ?? [])].filter((path) => !listed.has(path));
  return lacking.map((path) => disagreement(path, 'is an answer that the site manifest lacks'));
}
