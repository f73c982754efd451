import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { asByteString } from '../tree/byte-string.ts';
import { shownText } from '../tree/text.ts';
import { membersOfZip, streamOffset } from '../tree/zip-directory.ts';
import type { Stream } from './recipe.ts';
import type { SiteZip } from './site-contents.ts';
import { sha256 } from './zip-streams.ts';

/**
 * The deflated streams that the zips of a site hold for files of packages, as they are on the disk. Of streams for one content that have
 * the same length, it gives the first. Throws the system's error.
 */
export async function streamsOfSite(zips: readonly SiteZip[]): Promise<Stream[]> {
  const found = new Map<string, Stream>();
  for (const zip of zips) {
    enterStreams(zip, found);
    await setImmediate(); // lets a signal in
  }
  return [...found.values()];
}

function enterStreams({ place, name, version, files }: SiteZip, found: Map<string, Stream>): void {
  const digests = new Map(files.map(({ path, digest }) => [`${name}-${version}/${path}`, digest]));
  const file = openSync(place, 'r');
  try {
    for (const member of membersOfZip(file) ?? []) {
      const { method, packedSize, size, crc32 } = member;
      const content = digests.get(shownText(asByteString(member.name)));
      const key = `${content}:${packedSize}`;
      if (method !== DEFLATED || content === undefined || found.has(key)) continue;
      const start = streamOffset(file, member);
      const bytes = Buffer.allocUnsafe(packedSize);
      if (start === undefined || readSync(file, bytes, 0, packedSize, start) < packedSize) continue;
      found.set(key, { digest: sha256(bytes), packedSize, content, size, crc32, pack: null });
    }
  } finally {
    closeSync(file);
  }
}

/** APPNOTE 4.4.5. */
const DEFLATED = 8;
