import { existsSync, readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { mediaType, mediaTypeByExtension, sniffMediaType } from '../../src/tree/media-type.ts';
import { recordedRows } from '../support/recorded.ts';

interface SniffRow {
  readonly bytes: string;
  readonly type: string;
}

interface FileRow {
  readonly t: string;
  readonly s: number;
  readonly h: Readonly<Record<string, string>>;
}

const PLAIN = 'text/plain; charset=utf-8';
const OCTETS = 'application/octet-stream';

const bytesOf = (text: string) => Buffer.from(text, 'latin1');
const sniff = (text: string) => sniffMediaType(bytesOf(text));

/** The file that a recorded request asked for, in the first layer that has it; undefined where none has. */
function caseFile(target: string): URL | undefined {
  const path = decodeURIComponent(target).replace(/^\/package\//, '');
  return ['first', 'second']
    .map((layer) => new URL(`../cases/${layer}/${path.split('/').map(encodeURIComponent).join('/')}`, import.meta.url))
    .find((file) => existsSync(file));
}

test('every recorded head is sniffed as the registry did', () => {
  const rows = recordedRows<SniffRow>('rules/sniff');
  expect(rows).toHaveLength(1000);
  const mismatches = rows
    .map(({ bytes, type }) => ({ bytes, type, actual: sniffMediaType(Buffer.from(bytes, 'base64')) }))
    .filter(({ type, actual }) => type !== actual);
  expect(mismatches).toEqual([]);
});

test('every recorded file of the case layers has the type that the registry sent', () => {
  const files = recordedRows<FileRow>('cases/files')
    .filter((row) => row.s === 200)
    .flatMap(({ t, h }) => ({ t, type: h['content-type'], file: caseFile(t) ?? [] }));
  const found = files.flatMap(({ t, type, file }) => (file instanceof URL ? [{ t, type, file }] : []));
  expect(found.length).toBeGreaterThan(350);
  const mismatches = found
    .map(({ t, type, file }) => ({
      t,
      type,
      actual: mediaType(decodeURIComponent(t), () => readFileSync(file)),
    }))
    .filter(({ type, actual }) => type !== actual);
  expect(mismatches).toEqual([]);
});

test.each([
  ['zip', 'application/zip'],
  ['ico', 'image/x-icon'],
  ['md', 'text/markdown; charset=utf-8'],
  ['yml', 'text/yaml; charset=UTF-8'],
  ['json', 'application/json'],
  ['svg', 'image/svg+xml'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['avif', 'image/avif'],
  ['css', 'text/css; charset=utf-8'],
  ['csv', 'text/csv; charset=utf-8'],
  ['htm', 'text/html; charset=utf-8'],
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['mjs', 'text/javascript; charset=utf-8'],
  ['xml', 'text/xml; charset=utf-8'],
  ['pdf', 'application/pdf'],
  ['wasm', 'application/wasm'],
  ['gz', 'application/gzip'],
  ['mp4', 'video/mp4'],
])('.%s is %s, in any case and wherever the file lies', (extension, type) => {
  const upper = extension.toUpperCase();
  const paths = [`a.${extension}`, `.${extension}`, `docs/.${upper}`, `a.b/c.d.${upper}`];
  expect(paths.map(mediaTypeByExtension)).toEqual(paths.map(() => type));
});

test.each([
  '',
  'a',
  'a.',
  'json',
  'a.json.',
  'a.json/b',
  'a.md/',
  '.hbs',
  'a.yaml',
  'a.ndjson',
  'a.log',
  'a.constructor',
])('the extension of %j says nothing', (path) => {
  expect(mediaTypeByExtension(path)).toBeUndefined();
  expect(mediaType(path, () => bytesOf('GIF89a'))).toBe('image/gif');
});

test('bytes are not asked for where the extension decides', () => {
  const head = vi.fn(() => bytesOf('GIF89a'));
  expect(mediaType('img/a.PNG', head)).toBe('image/png');
  expect(head).not.toHaveBeenCalled();
});

test.each([
  ['<!doctype html>', 'text/html; charset=utf-8'],
  ['\t\n\f\r <IfRaMe ', 'text/html; charset=utf-8'],
  ['<br>\0', 'text/html; charset=utf-8'],
  ['<br', PLAIN],
  ['<br/>', PLAIN],
  ['<html\n>', PLAIN],
  ['<!--x', PLAIN],
  ['\v<p>', OCTETS],
  ['\xEF\xBB\xBF<p>', PLAIN],
  ['\xEF\xBB\xBF\0', PLAIN],
  [' <?xml', 'text/xml; charset=utf-8'],
  ['<?XML', PLAIN],
  [' %PDF-', PLAIN],
  ['\xFE\xFF', PLAIN],
  ['\xFF\xFE\0', OCTETS],
  ['\0\0\x02\0', 'image/x-icon'],
  ['RIFF1234AVI ', 'video/avi'],
  ['RIFF1234WEBP', PLAIN],
  ['RIFF123', PLAIN],
  [`${' '.repeat(34)}LP`, 'application/vnd.ms-fontobject'],
  ['Rar!\x1A\x07\x01\0', 'application/x-rar-compressed'],
  ['Rar!\x1A\x07\x01', OCTETS],
  ['\x1Bplain\t\n\f\r\x7F\x80\xFF', PLAIN],
])('%j is sniffed as %s', (text, type) => {
  expect(sniff(text)).toBe(type);
});

test('every binary data byte, and no other, makes octets of a text', () => {
  const binary = Array.from({ length: 256 }, (_, byte) => byte).filter(
    (byte) => sniff(`a${String.fromCharCode(byte)}`) === OCTETS,
  );
  const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26];
  expect(binary).toEqual([...expected, 28, 29, 30, 31]);
});

test('only the first 512 bytes count', () => {
  expect(sniff(`${'a'.repeat(511)}\0`)).toBe(OCTETS);
  expect(sniff(`${'a'.repeat(512)}\0`)).toBe(PLAIN);
  expect(sniff(`${' '.repeat(509)}<p>`)).toBe('text/html; charset=utf-8');
  expect(sniff(`${' '.repeat(510)}<p>`)).toBe(PLAIN);
});

test.each([
  ['the major brand', '\0\0\0\x10ftypmp41\0\0\0\0', 'video/mp4'],
  ['a compatible brand', '\0\0\0\x18ftypisom\0\0\0\0avc1mp42', 'video/mp4'],
  ['no brand: the version', '\0\0\0\x14ftypisommp42avc1', OCTETS],
  ['a brand after the box', '\0\0\0\x10ftypisom\0\0\0\0mp42', OCTETS],
  ['a box that is cut off', '\0\0\0\x14ftypmp42\0\0\0\0', OCTETS],
  ['a box of odd size', '\0\0\0\x11ftypmp42\0\0\0\0\0', OCTETS],
  ['another box', '\0\0\0\x10ftypqt  \0\0\0\0', OCTETS],
])('MP4 by its ftyp box: %s', (_, text, type) => {
  expect(sniff(text)).toBe(type);
  const shifted = new Uint8Array(bytesOf(`xyz${text}`)).subarray(3);
  expect(sniffMediaType(shifted)).toBe(type);
});
