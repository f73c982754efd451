import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Finding } from '../../errors.ts';
import type { WantedForm } from '../../build/encode.ts';
import { nginxForms } from '../../hosts/nginx/encoded.ts';
import type { EncodedFile } from '../../tree/encoded.ts';
import { ENCODED_LIST } from '../../tree/layout.ts';
import type { SiteFile } from '../../tree/manifest.ts';
import { readIfFile } from './disk.ts';
import { changed, disagreement } from './findings.ts';
import type { FileReader } from './read-file.ts';

/*
 * Checks the compressed forms of files: what the list of all forms says of each, what lies there, and that it unpacks to its file.
 */

export interface FormCheck {
  /** Whether the list names a path. */
  has(path: string): boolean;
  /** Checks the forms of a file that were not checked before. */
  check(file: SiteFile): Finding[];
  /** The lines of the list, counted from 0, whose forms were checked since the last call. */
  takeChecked(): number[];
}

/** Opens the list of the site in a folder. A line that can't be read is none; `listFindings` names it. */
export function formCheck(folder: string, reader: FileReader): FormCheck {
  const lines = new Map<string, { readonly line: number; readonly form: EncodedFile }>();
  for (const [line, text] of linesIn(folder).entries()) {
    const form = parseLine(text);
    if (form) lines.set(form.path, { line, form });
  }
  const plan = nginxForms('all');
  const seen = new Set<string>();
  let checked: number[] = [];
  return {
    has: (path) => lines.has(path),
    check: (file) =>
      plan(file).flatMap((wanted) => {
        const found = lines.get(wanted.path);
        if (!found || seen.has(wanted.path)) return [];
        seen.add(wanted.path);
        checked.push(found.line);
        return formFindings(found.form, { file, wanted, folder, reader });
      }),
    takeChecked: () => {
      const taken = checked;
      checked = [];
      return taken;
    },
  };
}

/** What is wrong with the list itself: a line that a build doesn't write so, or not there. */
export function listFindings(folder: string): Finding[] {
  const texts = linesIn(folder);
  return texts.flatMap((text, line) => {
    const isOrdered = line === 0 || (texts[line - 1] as string) < text;
    return parseLine(text) && isOrdered ? [] : [changed(ENCODED_LIST, `line ${line + 1} is not what a build writes`)];
  });
}

/** The path of each line of the list; undefined for a line that can't be read. */
export function listedForms(folder: string): (string | undefined)[] {
  return linesIn(folder).map((text) => parseLine(text)?.path);
}

function linesIn(folder: string): string[] {
  const text = readIfFile(join(folder, ENCODED_LIST))?.toString('utf8') ?? '';
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function parseLine(text: string): EncodedFile | undefined {
  try {
    const { path, size, digest, source, how } = JSON.parse(text) as EncodedFile;
    return JSON.stringify({ path, size, digest, source, how }) === text
      ? { path, size, digest, source, how }
      : undefined;
  } catch {
    return undefined; // parsing alone: the list was read
  }
}

interface FormPlace {
  readonly file: SiteFile;
  readonly wanted: WantedForm;
  readonly folder: string;
  readonly reader: FileReader;
}

function formFindings({ path, size, digest, source, how }: EncodedFile, place: FormPlace): Finding[] {
  const { file, wanted, folder, reader } = place;
  const level = `${wanted.coding}-${wanted.level}`;
  if (source !== file.digest)
    return [disagreement(path, `${ENCODED_LIST} says it is a form of another content than that of ${file.path}`)];
  if (how !== level) return [disagreement(path, `${ENCODED_LIST} says ${how}, and a build makes ${level}`)];
  const facts = reader.facts(join(folder, path));
  if (typeof facts === 'string') return [changed(path, facts)];
  if (facts.size !== size || facts.digest !== digest) return [changed(path, `is not what ${ENCODED_LIST} says`)];
  const plain = unpack(reader.bytes(join(folder, path)), wanted.coding, file.size);
  return plain === file.digest ? [] : [disagreement(path, `does not unpack to ${file.path}`)];
}

/** The digest of what a form unpacks to; undefined where it doesn't, or to more than `most` bytes. */
function unpack(bytes: Buffer, coding: WantedForm['coding'], most: number): string | undefined {
  try {
    const limit = { maxOutputLength: Math.max(most, 1) };
    const plain = coding === 'br' ? brotliDecompressSync(bytes, limit) : gunzipSync(bytes, limit);
    return createHash('sha256').update(plain).digest('hex');
  } catch {
    return undefined; // the bytes are no such form, or one of something larger
  }
}
