import { closeSync, existsSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DESCRIPTION, README } from './description.ts';
import { firstMember, readTar } from './tar.ts';

/*
 * The files of a bundle, which are called after the first: `a.tar`, `a.2.tar`, …
 */

/** The file of a part, by its number from 1. */
export function partFile(first: string, part: number): string {
  const [stem, extension] = split(first);
  return part === 1 ? first : `${stem}.${part}${extension}`;
}

/** The files of a bundle, by its first: on to the one that says what the bundle is, or to the last that is there. */
export function partsFrom(first: string): string[] {
  const parts = [first];
  for (let next = partFile(first, 2); !isLast(parts.at(-1) as string) && existsSync(next);)
    next = partFile(first, parts.push(next) + 1);
  return parts;
}

/** The number of the part of a bundle that a file in its folder is called after; undefined for other names, and for the first part. */
export function partNumber(first: string, name: string): number | undefined {
  const [stem, extension] = split(basename(first));
  if (!name.startsWith(`${stem}.`) || !name.endsWith(extension)) return undefined;
  const number = name.slice(stem.length + 1, name.length - extension.length);
  return /^[1-9]\d*$/.test(number) && Number(number) > 1 ? Number(number) : undefined;
}

/** The files beside a bundle of so many parts that are parts of an earlier one of its name. */
export function staleParts(first: string, parts: number): string[] {
  return readdirSync(dirname(first))
    .filter((name) => (partNumber(first, name) ?? 0) > parts)
    .map((name) => join(dirname(first), name))
    .filter(isLaterPart);
}

/** Whether it is a part of a bundle, and not its first: what else lies there by such a name is for nobody to mix in. */
function isLaterPart(path: string): boolean {
  const member = statSync(path).isFile() ? firstMember(path) : undefined;
  return member !== undefined && member !== README;
}

function split(first: string): [stem: string, extension: string] {
  return first.endsWith(TAR) ? [first.slice(0, -TAR.length), TAR] : [first, ''];
}

const TAR = '.tar';

function isLast(path: string): boolean {
  if (!statSync(path).isFile()) return true;
  const file = openSync(path, 'r');
  try {
    return readTar(file, path).some(({ name }) => name === DESCRIPTION);
  } finally {
    closeSync(file);
  }
}
