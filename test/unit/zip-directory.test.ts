import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { membersOfZip, streamOffset, zipMembers } from '../../src/tree/zip-directory.ts';
import { temporaryFolder } from '../support/folder.ts';
import { made } from '../support/zip-bytes.ts';

test('the raw streams of a zip lie where its directory and its local headers say', () => {
  const place = join(temporaryFolder(), 'a.zip');
  const content = Buffer.from('content '.repeat(9));
  const bytes = made([
    { name: 'a/deflated', content, localName: 'a name of another length' },
    { name: 'a/stored', content, stored: true },
  ]);
  writeFileSync(place, bytes);
  const file = openSync(place, 'r');
  const members = membersOfZip(file) ?? [];
  expect(members.map(({ name, size, method }) => [name, size, method])).toEqual([
    ['a/deflated', content.length, 8],
    ['a/stored', content.length, 0],
  ]);
  const [deflated, stored] = members.map((member) => {
    const start = streamOffset(file, member) ?? NaN;
    return bytes.subarray(start, start + member.packedSize);
  });
  expect(inflateRawSync(deflated!)).toEqual(content);
  expect(stored).toEqual(content);
  expect(streamOffset(file, { offset: 1 })).toBeUndefined();
  expect(streamOffset(file, { offset: bytes.length })).toBeUndefined();
  closeSync(file);
  expect(zipMembers(place)).toEqual(members);
});
