import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { hasEncoded, openEncodedList, readEncodedList } from '../tree/encoded.ts';
import { kindOf, versionIn } from '../tree/kinds.ts';
import { ENCODED_LIST, isGenerated, packageFilePath, packageOf, zipPath } from '../tree/layout.ts';
import { eachListedFile, manifestPartPaths } from '../tree/manifest.ts';
import { shownText } from '../tree/text.ts';
import { asByteString } from '../tree/byte-string.ts';
import { membersOfZip, streamOffset } from '../tree/zip-directory.ts';
import type { ZipMember } from '../tree/zip-directory.ts';
import type { Base } from './base.ts';
import { readWhole } from './read-whole.ts';
import type { BaseFile } from './recipe.ts';
import { sha256 } from './zip-streams.ts';

/** The site in a folder as a base. Throws an Error if it can't be read. */
export async function openFolderBase(folder: string, manifest: string): Promise<Base> {
  const digests = new Set<string>();
  const packaged = new Map<string, string>();
  const generated: { file: BaseFile; path: string }[] = [];
  for await (const { path, size, digest } of eachListedFile(folder)) {
    digests.add(digest);
    if (isGenerated(path)) generated.push({ file: { digest, size }, path });
    else if (kindOf(path) === 'package file' && !packaged.has(digest)) packaged.set(digest, path);
  }
  for (const path of [...(await manifestPartPaths(folder)), ...(hasEncoded(folder) ? [ENCODED_LIST] : [])]) {
    const bytes = readWhole(join(folder, path));
    const file = { digest: sha256(bytes), size: bytes.length };
    digests.add(file.digest);
    generated.unshift({ file, path });
  }
  for (const { digest } of openEncodedList(readEncodedList(folder)).files()) digests.add(digest);
  const zips = zipStreams(folder);
  return {
    manifest,
    has: (digest) => digests.has(digest),
    hasStream: ({ digest, content, packedSize }) => {
      const path = packaged.get(content);
      return path !== undefined && zips.holds(path, { digest, packedSize });
    },
    *texts(isStill) {
      for (const { file, path } of generated) {
        if (isStill(file.digest)) continue;
        const bytes = readWhole(join(folder, path));
        if (sha256(bytes) === file.digest) yield { file, bytes: Buffer.from(bytes) };
      }
    },
    close: () => undefined,
  };
}

/** Whether the zips of a site hold, for a file of a package, a certain raw stream. */
function zipStreams(folder: string): { holds(path: string, stream: { digest: string; packedSize: number }): boolean } {
  const zips = new Map<string, ReadonlyMap<string, ZipMember>>();
  return {
    holds: (path, { digest, packedSize }) => {
      const [name, version] = [packageOf(path), versionIn(path) ?? ''];
      const place = join(folder, zipPath(name, version));
      const file = openSync(place, 'r');
      try {
        const members = zips.get(place) ?? membersByName(file);
        zips.set(place, members);
        const inner = path.slice(packageFilePath(name, version, '').length);
        const member = members.get(`${name}-${version}${inner}`);
        const start = member?.packedSize === packedSize ? streamOffset(file, member) : undefined;
        if (start === undefined) return false;
        const bytes = Buffer.alloc(packedSize);
        return readSync(file, bytes, 0, packedSize, start) === packedSize && sha256(bytes) === digest;
      } finally {
        closeSync(file);
      }
    },
  };
}

function membersByName(file: number): ReadonlyMap<string, ZipMember> {
  return new Map((membersOfZip(file) ?? []).map((member) => [shownText(asByteString(member.name)), member]));
}
