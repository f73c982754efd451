import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { asByteString } from '../../src/tree/byte-string.ts';
import { fileEntryIn, fileListText, parseFileList, parseFileListHead } from '../../src/tree/file-list.ts';
import type { FileEntry, FileList } from '../../src/tree/file-list.ts';

const entry: FileEntry = [1, 'a'.repeat(64), 'text/plain; charset=utf-8'];
const names = [
  'a',
  'a"',
  '\\',
  '\\"a',
  ',"a',
  '{"a',
  '"a":[',
  'files',
  '"files":{',
  'index',
  '\n',
  '\x1f',
  'é',
  '__proto__',
  '',
];

test('the entry of a path is that of the whole list, whatever the paths', () => {
  const path = fc.oneof(fc.constantFrom(...names), fc.string());
  const entries = fc.array(fc.tuple(path, fc.nat()), { maxLength: 8 });
  fc.assert(
    fc.property(entries, path, (found, asked) => {
      const files = Object.fromEntries(found.map(([name, size]) => [name, [size, 'b', 'c'] as const]));
      const text = fileListText({ index: entry, files });
      const expected = Object.hasOwn(files, asked) ? files[asked] : undefined;
      expect(fileEntryIn(text, asByteString(asked))).toEqual(expected);
      for (const [name] of found) expect(fileEntryIn(text, asByteString(name))).toEqual(files[name]);
    }),
    { numRuns: 2000 },
  );
});

test('the head of a list is the list without its files', () => {
  const lists: FileList[] = [{ files: {} }, { files: { a: entry }, zip: entry, index: entry }];
  for (const { files, ...head } of lists) {
    const text = fileListText({ files, ...head });
    expect(parseFileListHead(text)).toEqual({ ...head, files: {} });
    expect(parseFileList(text)).toEqual({ files, ...head });
  }
});

test.each(['', '{}', '{"files":{"a":[1,"', '{"files":{}', 'null'])('%j is no file list', (text) => {
  expect(() => fileEntryIn(text, asByteString('a'))).toThrow(SyntaxError);
  expect(() => parseFileListHead(text)).toThrow(SyntaxError);
});
