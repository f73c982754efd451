import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileListText, parseFileList } from '../../src/tree/file-list.ts';
import type { FileList } from '../../src/tree/file-list.ts';
import { document } from '../../src/tree/json.ts';
import { columnsName, INDEX, indexFilePath, manifestPartPath, RELEASE, rowsName } from '../../src/tree/layout.ts';
import { manifestLine, parseManifestLine } from '../../src/tree/manifest.ts';
import { parseNames } from '../../src/tree/names.ts';
import type { Release } from '../../src/tree/release.ts';
import { sealedDocument } from '../../src/tree/sealed.ts';

/*
 * Damages of a site: of its files, which lists don't know of, and of what files say, with all lists made to agree.
 */

/** Where a damage strikes: numbers that choose among what there is. */
export interface Aim {
  readonly file: number;
  readonly place: number;
  readonly byte: number;
}

/** Damages a site and returns the paths that a finding must name, relative to the folder that the site lies in. */
export type Damage = (site: string, aim: Aim) => string[];

/** Every file of a site and of the folders of hosts beside it, relative to the folder they lie in. */
export function filesBeside(site: string): string[] {
  const parent = dirname(site);
  const tops = readdirSync(parent).filter((name) => name === basename(site) || name.startsWith(`${basename(site)}.`));
  return tops
    .flatMap((top) => readdirSync(join(parent, top), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(parent, join(entry.parentPath, entry.name)))
    .sort();
}

function chosen<T>(list: readonly T[], number: number): T {
  return list[number % list.length] as T;
}

/** A file that is not empty, and its bytes. */
function someFile(site: string, { file }: Aim): { path: string; full: string; bytes: Buffer } {
  const parent = dirname(site);
  const path = chosen(
    filesBeside(site).filter((one) => statSync(join(parent, one)).size > 0),
    file,
  );
  return { path, full: join(parent, path), bytes: readFileSync(join(parent, path)) };
}

/** Writes a new file in place of one that may be linked to others. */
function replace(full: string, bytes: Buffer | string): void {
  rmSync(full);
  writeFileSync(full, bytes);
}

/** Damages of one or two files, of which no list knows. */
export const fileDamages: Readonly<Record<string, Damage>> = {
  'flips a byte': (site, aim) => {
    const { path, full, bytes } = someFile(site, aim);
    const at = aim.place % bytes.length;
    bytes[at] = (bytes[at] as number) ^ aim.byte;
    replace(full, bytes);
    return [path];
  },
  'cuts a file': (site, aim) => {
    const { path, full, bytes } = someFile(site, aim);
    replace(full, bytes);
    truncateSync(full, aim.place % bytes.length);
    return [path];
  },
  'extends a file': (site, aim) => {
    const { path, full, bytes } = someFile(site, aim);
    replace(full, bytes);
    appendFileSync(full, Buffer.from([aim.byte]));
    return [path];
  },
  'deletes a file': (site, aim) => {
    const { path, full } = someFile(site, aim);
    rmSync(full);
    return [path];
  },
  'adds a file': (site, aim) => {
    const path = join(dirname(someFile(site, aim).path), `added-${aim.byte}.json`);
    writeFileSync(join(dirname(site), path), '{}');
    return [path];
  },
  'swaps two files': (site, aim) => {
    const one = someFile(site, aim);
    const others = filesBeside(site).filter((path) => !readFileSync(join(dirname(site), path)).equals(one.bytes));
    const path = chosen(others, aim.place);
    const other = join(dirname(site), path);
    renameSync(one.full, `${one.full}.swapped`);
    renameSync(other, one.full);
    renameSync(`${one.full}.swapped`, other);
    return [one.path, path];
  },
  'puts a link in place of a file': (site, aim) => {
    const { path, full, bytes } = someFile(site, aim);
    const target = join(dirname(site), 'elsewhere');
    writeFileSync(target, bytes);
    rmSync(full);
    symlinkSync(target, full);
    return [path];
  },
  'puts a folder in place of a file': (site, aim) => {
    const { path, full } = someFile(site, aim);
    rmSync(full);
    mkdirSync(full);
    return [path];
  },
};

/** Damages of what a file says; the manifest and the release agree with it, so that only the views of the site differ. */
export const viewDamages: Readonly<Record<string, Damage>> = {
  'changes a summary in the rows': (site, aim) => {
    const rows = indexPath(site, 'rows');
    const text = readFileSync(join(site, rows), 'latin1');
    return [replaceIndex(site, 'rows', Buffer.from(otherLetter(text, /"(?:title|description)": "\w/g, aim), 'latin1'))];
  },
  'changes what queries find in the columns': (site, aim) => {
    const columns = JSON.parse(readFileSync(join(site, indexPath(site, 'columns')), 'utf8')) as {
      profiles: Record<string, unknown>[];
    };
    const profile = chosen(columns.profiles, aim.file);
    if (aim.byte % 2 === 0) profile['type'] = 'other';
    else profile['spec'] = '9.9.0';
    return [replaceIndex(site, 'columns', Buffer.from(JSON.stringify(columns)))];
  },
  'leaves a version out of the columns': (site, aim) => {
    const columns = JSON.parse(readFileSync(join(site, indexPath(site, 'columns')), 'utf8')) as {
      revisions: { version: string[] };
    };
    columns.revisions.version[aim.file % columns.revisions.version.length] = '99.0.0';
    return [replaceIndex(site, 'columns', Buffer.from(JSON.stringify(columns)))];
  },
  'changes the title of a page': (site, aim) => {
    const path = chosenIn(site, /^_registry\/package\/.*\.json$/, aim);
    const text = readFileSync(join(site, path), 'latin1');
    return relist(site, { [path]: Buffer.from(otherLetter(text, /^ {2}"title": "\w/gm, aim), 'latin1') });
  },
  'leaves an asset out of a page': (site, aim) => {
    const path = chosenIn(site, /^_registry\/package\/.*\.json$/, aim);
    const text = readFileSync(join(site, path), 'latin1').replace(/"assets": \[\n.*\n/, '"assets": [\n');
    return relist(site, { [path]: Buffer.from(text, 'latin1') });
  },
  'changes a digest in a file list': (site, aim) => {
    const path = chosenIn(site, /^_registry\/files\/.*\.json$/, aim);
    const list = parseFileList(readFileSync(join(site, path), 'utf8'));
    const file = chosen(Object.keys(list.files), aim.place);
    const [size, , type] = list.files[file] as readonly [number, string, string];
    const files = { ...list.files, [file]: [size, digestOf(Buffer.from(file)), type] as const };
    return relist(site, { [path]: Buffer.from(fileListText({ ...list, files })) });
  },
  'leaves a file out of a file list': (site, aim) => {
    const path = chosenIn(site, /^_registry\/files\/.*\.json$/, aim);
    const list = parseFileList(readFileSync(join(site, path), 'utf8'));
    const left = chosen(Object.keys(list.files), aim.place);
    const files = Object.fromEntries(Object.entries(list.files).filter(([name]) => name !== left));
    return relist(site, { [path]: Buffer.from(fileListText({ ...list, files })) });
  },
  'changes an answer': (site, aim) => {
    const path = chosenIn(site, /^_registry\/answers\//, aim);
    return relist(site, { [path]: Buffer.concat([readFileSync(join(site, path)), Buffer.from(' ')]) });
  },
  'changes the home page': (site) => relist(site, { '_registry/home.json': Buffer.from('{}\n') }),
  'changes a file of a package, and its entry in the file list': (site, aim) => {
    const path = chosenIn(site, /^package\//, aim);
    const [, name = '', version = '', ...rest] = path.split('/');
    const listPath = `_registry/files/${name}/${version}.json`;
    const list = parseFileList(readFileSync(join(site, listPath), 'utf8'));
    const bytes = readFileSync(join(site, path));
    bytes[aim.place % bytes.length] = 0x20 + (aim.byte % 64);
    const key = Buffer.from(rest.join('/')).toString('latin1');
    const files = { ...list.files, [key]: [bytes.length, digestOf(bytes), list.files[key]?.[2] ?? ''] as const };
    if (digestOf(bytes) === list.files[key]?.[1]) return relist(site, { 'favicon.ico': Buffer.from('other') });
    relist(site, { [path]: bytes, [listPath]: Buffer.from(fileListText({ ...list, files })) });
    return [beside(site, path)];
  },
  'puts the zip of another version in place of one, and its entry in the file list': (site, aim) => {
    const zips = pathsIn(site).filter((path) => path.endsWith('.zip'));
    const path = chosen(zips, aim.file);
    const other = chosen(
      zips.filter((zip) => zip !== path),
      aim.place,
    );
    const [, name = ''] = path.split('/');
    const listPath = `_registry/files/${name}/${basename(path, '.zip').slice(name.length + 1)}.json`;
    const list = parseFileList(readFileSync(join(site, listPath), 'utf8'));
    const bytes = readFileSync(join(site, other));
    const zip: FileList['zip'] = [bytes.length, digestOf(bytes), 'application/zip'];
    relist(site, { [path]: bytes, [listPath]: Buffer.from(fileListText({ ...list, zip })) });
    return [beside(site, path)];
  },
  'changes a type in the manifest': (site, aim) => {
    const path = chosenIn(site, /^(package|epr)\//, aim);
    relist(site, {}, (line) =>
      line
        .replace(`{"path":${JSON.stringify(path)}`, '$&')
        .replace(/"type":"[^"]*"/, (type) => (line.includes(JSON.stringify(path)) ? '"type":"image/png"' : type)),
    );
    return [beside(site, path)];
  },
  'keeps a file longer than its kind': (site, aim) => {
    const path = chosenIn(site, /^_registry\/package\//, aim);
    relist(site, {}, (line) =>
      line.includes(JSON.stringify(path)) ? line.replace('"cache":"index"', '"cache":"files"') : line,
    );
    return [beside(site, path)];
  },
  'leaves a version out of the manifest and the disk': (site, aim) => {
    const [, name = '', version = ''] = chosenIn(site, /^package\//, aim).split('/');
    const own = pathsIn(site).filter((path) => isOf(path, name, version));
    for (const path of own) rmSync(join(site, path));
    removeEmpty(site);
    const gone = new Set(own);
    relist(site, {}, (line) => (gone.has(parseManifestLine(line).path) ? '' : line));
    return [beside(site, indexPath(site, 'columns'))];
  },
};

/** Damages of a compressed form, with which the list of forms agrees. */
export const formDamages: Readonly<Record<string, Damage>> = {
  'compresses something else': (site, aim) => {
    const list = join(site, '_registry/encoded/list.ndjson');
    const lines = readFileSync(list, 'utf8').split('\n').slice(0, -1);
    const line = chosen(
      lines.filter((one) => one.includes('"how":"gzip')),
      aim.file,
    );
    const form = JSON.parse(line) as { path: string; source: string; how: string };
    const bytes = gzipSync(Buffer.from(`other ${aim.byte}`));
    replace(join(site, form.path), bytes);
    const { path, source, how } = form;
    const now = JSON.stringify({ path, size: bytes.length, digest: digestOf(bytes), source, how });
    writeFileSync(list, lines.map((one) => `${one === line ? now : one}\n`).join(''));
    return [beside(site, form.path)];
  },
};

/** A site without forms and hosts, which would show that a file is another one. */
export function withoutForms(site: string): void {
  for (const path of filesBeside(site))
    if (!path.startsWith(`${basename(site)}/`) || /_registry\/.*\.(br|gz)$/.test(path))
      rmSync(join(dirname(site), path));
  rmSync(join(site, '_registry/encoded'), { recursive: true, force: true });
  for (const name of readdirSync(dirname(site)))
    if (name !== basename(site)) rmSync(join(dirname(site), name), { recursive: true });
}

function isOf(path: string, name: string, version: string): boolean {
  return (
    path.startsWith(`package/${name}/${version}/`) ||
    path.startsWith(`epr/${name}/${name}-${version}.zip`) ||
    path === `_registry/package/${name}/${version}.json` ||
    path === `_registry/files/${name}/${version}.json`
  );
}

function removeEmpty(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const inner = join(folder, entry.name);
    removeEmpty(inner);
    if (readdirSync(inner).length === 0) rmSync(inner, { recursive: true });
  }
}

function beside(site: string, path: string): string {
  return `${basename(site)}/${path}`;
}

/** The paths of a site's files. */
function pathsIn(site: string): string[] {
  const top = `${basename(site)}/`;
  return filesBeside(site).flatMap((path) => (path.startsWith(top) ? path.slice(top.length) : []));
}

function chosenIn(site: string, pattern: RegExp, { file }: Aim): string {
  return chosen(
    pathsIn(site).filter((path) => pattern.test(path) && path !== '_registry/files/static.json'),
    file,
  );
}

/** A text with another letter at the end of one of the matches. */
function otherLetter(text: string, pattern: RegExp, { place }: Aim): string {
  const found = chosen([...text.matchAll(pattern)], place);
  const at = found.index + found[0].length - 1;
  return `${text.slice(0, at)}${text[at] === 'Q' ? 'X' : 'Q'}${text.slice(at + 1)}`;
}

function indexPath(site: string, kind: 'columns' | 'rows'): string {
  return indexFilePath(parseNames(readFileSync(join(site, INDEX), 'utf8'))[kind]);
}

/** Writes other columns or rows, under the name that is theirs. */
function replaceIndex(site: string, kind: 'columns' | 'rows', bytes: Buffer): string {
  const names = parseNames(readFileSync(join(site, INDEX), 'utf8'));
  const name = { columns: columnsName, rows: rowsName }[kind](digestOf(bytes));
  const [old, now] = [indexFilePath(names[kind]), indexFilePath(name)];
  renameSync(join(site, old), join(site, now));
  relist(site, { [now]: bytes, [INDEX]: Buffer.from(document({ ...names, [kind]: name })) }, (line) =>
    line.replace(old, now),
  );
  return beside(site, now);
}

/** Writes files of a site, and the manifest and the release so that they agree. */
function relist(
  site: string,
  files: Readonly<Record<string, Buffer>>,
  relisted: (line: string) => string = (line) => line,
): string[] {
  for (const [path, bytes] of Object.entries(files)) replace(join(site, path), bytes);
  const part = join(site, manifestPartPath(0));
  const lines = readFileSync(part, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(relisted)
    .filter((line) => line !== '')
    .map((line) => {
      const file = parseManifestLine(line);
      const bytes = files[file.path];
      return bytes ? manifestLine({ ...file, size: bytes.length, digest: digestOf(bytes) }) : `${line}\n`;
    });
  replace(part, lines.join(''));
  const { distribution, registry, generator, layers } = JSON.parse(
    readFileSync(join(site, RELEASE), 'utf8'),
  ) as Release;
  const plain = layers.map(({ name }) => ({ name }));
  replace(
    join(site, RELEASE),
    sealedDocument({ distribution, registry, generator, layers: plain, manifest: digestOf(lines.join('')) }),
  );
  return Object.keys(files).map((path) => beside(site, path));
}

function digestOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
