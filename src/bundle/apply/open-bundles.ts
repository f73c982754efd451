import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { Stop } from '../../errors.ts';
import { wrong } from '../checked.ts';
import { DESCRIPTION, packName, parseDescription, RECIPE, TEXTS } from '../description.ts';
import type { BundleDescription, BundleMember } from '../description.ts';
import { parseRecipe } from '../recipe.ts';
import type { Recipe } from '../recipe.ts';
import { readTar } from '../tar.ts';
import type { TarMember } from '../tar.ts';
import { digestOfRange, readRange } from './read-at.ts';
import type { Range } from './read-at.ts';
import { unpacked } from './unpack.ts';
import type { Pieces } from './unpack.ts';

/*
 * Opens bundles, and checks every byte of them before anything is done with it. A bundle comes from elsewhere: what it says of itself is
 * compared with what it is, and what is unpacked into memory has a limit.
 */

/** A bundle whose bytes are all as `bundle.json` says. */
export interface OpenBundle {
  /** The file with its `bundle.json`, as the user named it. */
  readonly path: string;
  readonly description: BundleDescription;
  readonly recipe: Recipe;
  readonly texts: Pieces;
  /** A range of a pack. Throws a `Stop` where the pack is shorter, or the bundle has no such pack. */
  readPack(pack: number, offset: number, length: number): Buffer;
}

export interface OpenBundles {
  readonly bundles: readonly OpenBundle[];
  close(): void;
}

/** A file that was given: a bundle, or a part of one. */
interface OpenFile {
  readonly path: string;
  readonly file: number;
  readonly members: readonly (TarMember & { readonly digest: string })[];
}

/**
 * Opens the bundles that lie in some files, the parts of one in any order. `onRead` is told the bytes that are read, and of how many. Throws a `Stop` that
 * names the member or the part where a byte isn't as it should be, where a part is missing, or where one is of another bundle.
 */
export async function openBundles(
  paths: readonly string[],
  onRead: (done: number, total: number) => void,
): Promise<OpenBundles> {
  const opened: number[] = [];
  const close = (): void => opened.splice(0).forEach((file) => closeSync(file));
  try {
    const files = [...new Set(paths)].map((path) => {
      refuseFolder(path);
      const file = openSync(path, 'r');
      opened.push(file);
      return { path, file, members: readTar(file, path) };
    });
    const total = files.reduce((sum, { file }) => sum + fstatSync(file).size, 0);
    let done = 0;
    const read: OpenFile[] = [];
    for (const file of files) read.push(await hashMembers(file, (bytes) => onRead((done += bytes), total)));
    return { bundles: await gather(read), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Only a file can be read again from any place. */
function refuseFolder(path: string): void {
  const stats = statSync(path);
  if (stats.isFile()) return;
  const hint = 'give the files that `bundle` wrote, such as production.tar';
  throw new Stop('bad-bundle', `${path} is ${stats.isDirectory() ? 'a folder' : 'no file'}, and no bundle`, hint);
}

async function hashMembers(
  { path, file, members }: Omit<OpenFile, 'members'> & { readonly members: readonly TarMember[] },
  onRead: (bytes: number) => void,
): Promise<OpenFile> {
  const hashed = [];
  for (const member of members) {
    const range = { file, offset: member.offset, length: member.size };
    hashed.push({ ...member, digest: await digestOfRange(range, { where: `${path}: ${member.name}`, onRead }) });
  }
  return { path, file, members: hashed };
}

/** Puts the parts of each bundle together. */
async function gather(files: readonly OpenFile[]): Promise<OpenBundle[]> {
  const described = new Map<string, OpenFile>();
  for (const file of files) {
    const description = file.members.find(({ name }) => name === DESCRIPTION);
    if (description && !described.has(description.digest)) described.set(description.digest, file);
  }
  const used = new Set<string>();
  const bundles: OpenBundle[] = [];
  for (const file of described.values()) bundles.push(await openBundle(file, files, used));
  const other = files.find(({ members }) => !hasDescription({ members }) && !used.has(contentOf(members)));
  if (other) throw wrong(other.path, 'is no bundle, and no part of the bundles that were given');
  return bundles;
}

function hasDescription({ members }: Pick<OpenFile, 'members'>): boolean {
  return members.some(({ name }) => name === DESCRIPTION);
}

/** `file` holds the description of the bundle. What is used of the others is entered into `used`. */
async function openBundle(file: OpenFile, files: readonly OpenFile[], used: Set<string>): Promise<OpenBundle> {
  const { path } = file;
  const description = readDescription(file);
  const parts = partsOf(description);
  const own = { ...file, members: file.members.filter(({ name }) => name !== DESCRIPTION) };
  const candidates = [own, ...files.filter((one) => !hasDescription(one))];
  const ranges = new Map<string, Range & { readonly where: string }>();
  for (const [i, expected] of parts.entries()) {
    const part = findPart(candidates, expected);
    if (!part) throw wrong(path, `needs its part ${i + 1} (${namesOf(expected)}), which is not among the files`);
    refuseOthers(part, expected);
    used.add(contentOf(part.members));
    for (const { name, offset, size } of part.members)
      ranges.set(name, { file: part.file, offset, length: size, where: `${part.path}: ${name}` });
  }
  if (own.members.length > 0 && !used.has(contentOf(own.members)))
    throw wrong(path, `has members that its ${DESCRIPTION} doesn't name: ${namesOf(own.members)}`);
  const bytesOf = (name: string): Buffer => {
    const range = ranges.get(name);
    if (!range) throw wrong(path, `has no ${name}`);
    return readRange(range, range.where);
  };
  const recipeName = `${path}: ${RECIPE}`;
  const recipe = await unpacked(bytesOf(RECIPE), MAX_RECIPE, recipeName);
  return {
    path,
    description,
    recipe: parseRecipe(recipe.lines(), recipeName),
    texts: await unpacked(bytesOf(TEXTS), description.bytes, `${path}: ${TEXTS}`),
    readPack: (pack, offset, length) => {
      const range = ranges.get(packName(pack));
      if (!range || offset + length > range.length)
        throw wrong(path, `has a recipe that takes more from ${packName(pack)} than there is`);
      return readRange({ file: range.file, offset: range.offset + offset, length }, range.where);
    },
  };
}

function readDescription({ path, file, members }: OpenFile): BundleDescription {
  const found = members.filter(({ name }) => name === DESCRIPTION);
  const [member] = found;
  if (!member || found.length > 1 || member.size > MAX_DESCRIPTION)
    throw wrong(path, `has no ${DESCRIPTION} as a bundle has it`);
  const where = `${path}: ${DESCRIPTION}`;
  return parseDescription(
    readRange({ file, offset: member.offset, length: member.size }, where).toString('utf8'),
    where,
  );
}

/** Bytes. A member has some 150. */
const MAX_DESCRIPTION = 16 * 2 ** 20;
/** Bytes, unpacked. A stream has some 300. */
const MAX_RECIPE = 256 * 2 ** 20;

/** The members of each part but `bundle.json`, the first part first. */
function partsOf({ members }: BundleDescription): BundleMember[][] {
  const count = members.reduce((most, { part }) => Math.max(most, part), 1);
  if (count > members.length + 1) throw wrong(DESCRIPTION, 'names more parts than members');
  return Array.from({ length: count }, (_, i) => members.filter(({ part }) => part === i + 1)).filter(
    (part) => part.length > 0,
  );
}

/** The file that is a part of a bundle, or was to be: whether its bytes are right is for the caller to see. */
function findPart(candidates: readonly OpenFile[], expected: readonly BundleMember[]): OpenFile | undefined {
  const exact = candidates.find(({ members }) => contentOf(members) === contentOf(expected));
  const named = candidates.find(({ members }) => namesOf(members) === namesOf(expected));
  const begun = candidates.find(({ members }) => members[0]?.name === expected[0]?.name);
  return exact ?? named ?? begun;
}

function contentOf(members: readonly { readonly name: string; readonly digest: string }[]): string {
  return members.map(({ name, digest }) => `${name} ${digest}`).join('\n');
}

function namesOf(members: readonly { readonly name: string }[]): string {
  return members.map(({ name }) => name).join(', ');
}

/** Throws a `Stop` where the members of a part aren't just those of `bundle.json`. */
function refuseOthers({ path, members }: OpenFile, expected: readonly BundleMember[]): void {
  for (const [i, { name, size, digest }] of expected.entries()) {
    const member = members[i];
    if (member?.name !== name) throw wrong(path, `lacks ${name}, or has it in another place`);
    if (member.size !== size || member.digest !== digest)
      throw wrong(`${path}: ${name}`, `is damaged, or of another bundle: it is not what ${DESCRIPTION} says`);
  }
  const more = members[expected.length];
  if (more) throw wrong(path, `has a member that ${DESCRIPTION} doesn't name: ${more.name}`);
}
