import { closeSync, openSync } from 'node:fs';
import { DEFLATED, IN_ZIP, STORED } from '../tree/store-form.ts';
import type { Place } from '../tree/store-form.ts';
import { membersOfZip, streamOffset } from '../tree/zip-directory.ts';

/**
 * The places of the members of a zip, by name, which is a byte string. Any tool may have made the zip, so what lies there may be something
 * else. Members that are packed by another method are left out, and so is everything of a zip that needs Zip64. Throws the system's error.
 */
export function zipPlaces(path: string): Map<string, Place> {
  const file = openSync(path, 'r');
  try {
    const places = new Map<string, Place>();
    for (const member of membersOfZip(file) ?? []) {
      const { name, method, packedSize, size, crc32 } = member;
      const start = streamOffset(file, member);
      if (start === undefined || (method !== STORED && method !== DEFLATED)) continue;
      places.set(name, [IN_ZIP, start, packedSize, method, size, crc32]);
    }
    return places;
  } finally {
    closeSync(file);
  }
}
