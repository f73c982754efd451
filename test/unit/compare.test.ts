import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { COMPARED, differences, NOT_RECORDED } from '../support/compare.ts';
import type { RecordedRow, Response } from '../support/compare.ts';
import { recordedSets } from '../support/contract.ts';

/* The comparison with the recorded answers sees whatever a client could see. */

const recorded = [...recordedSets(new URL('../recorded/cases', import.meta.url).pathname).values()].flat();

test('every recorded header is compared, and every compared header was recorded', () => {
  const names = new Set(recorded.flatMap((row) => Object.keys(row.h)));
  expect([...COMPARED].sort()).toEqual([...names].sort());
});

test('nothing is let off that was recorded', () => {
  const names = new Set(recorded.flatMap((row) => Object.keys(row.h)));
  expect(Object.keys(NOT_RECORDED).filter((name) => names.has(name))).toEqual([]);
});

const body = Buffer.from('0123456789');
const row: RecordedRow = {
  t: '/package/acme/1.0.0/a.txt',
  s: 206,
  h: {
    'accept-ranges': 'bytes',
    'access-control-allow-origin': '*',
    'cache-control': 'max-age=600, public',
    'content-length': '10',
    'content-range': 'bytes 0-9/20',
    'content-type': 'text/plain; charset=utf-8',
    location: '/a',
    'x-content-type-options': 'nosniff',
  },
  n: 10,
  b: createHash('sha256').update(body).digest('hex'),
};
const same: Response = { status: 206, headers: { ...row.h, date: 'today', etag: '"a"' }, body };

test('the same answer has no differences, whatever the order of the directives', () => {
  expect(differences(row, same)).toEqual([]);
  expect(differences(row, withHeaders({ 'cache-control': 'public,max-age=600' }))).toEqual([]);
});

test.each(COMPARED)('%s: another value, none, and one that was not recorded', (name) => {
  const complaint = [expect.stringContaining(name)];
  const unrecorded = { ...row, h: without(row.h, name) };
  expect(differences(row, withHeaders({ [name]: 'other' }))).toEqual(complaint);
  expect(differences(row, { ...same, headers: without(same.headers, name) })).toEqual(complaint);
  const mayBeMore = name === 'content-length';
  expect(differences(unrecorded, same)).toEqual(mayBeMore ? [] : complaint);
});

test('a length that was not recorded is that of the body', () => {
  const unrecorded = { ...row, h: without(row.h, 'content-length') };
  expect(differences(unrecorded, withHeaders({ 'content-length': '11' }))).toHaveLength(1);
});

test('a header that nobody knows is a difference', () => {
  expect(differences(row, withHeaders({ 'x-powered-by': 'a' }))).toEqual(['x-powered-by: no recording has it']);
});

test('the status and the body', () => {
  expect(differences(row, { ...same, status: 200 })).toHaveLength(1);
  expect(differences(row, { ...same, body: Buffer.from('9876543210') })).toHaveLength(1);
});

test('what a host compresses counts by what it decodes to, and by its own length; it may have ranges', () => {
  const coded = gzipSync(body);
  const own = { 'content-encoding': 'gzip', 'content-length': String(coded.length) };
  const headers = { ...without(same.headers, 'accept-ranges'), ...own };
  expect(differences(row, { ...withHeaders(own), body: coded })).toEqual([]);
  expect(differences(row, { ...same, headers, body: coded })).toEqual([]);
  expect(differences(row, { ...same, headers: { ...headers, 'content-length': '10' }, body: coded })).toHaveLength(1);
});

test('HEAD has the length of the body that it leaves out', () => {
  const head = { ...row, m: 'HEAD' };
  expect(differences(head, { ...same, body: Buffer.alloc(0) })).toEqual([]);
  expect(differences(head, same)).toEqual([expect.stringContaining('body length')]);
});

test.each([
  ['/favicon.ico', undefined, []],
  ['/epr/acme/acme-1.0.0.zip', 'of another', ['the listing of the zip differs']],
])('%s: its bytes are ours, and it has ranges', (t, listing, others) => {
  const own: RecordedRow = { t, s: 200, h: without(row.h, 'accept-ranges', 'content-length', 'content-range') };
  const headers = without(same.headers, 'content-range');
  const found = (kept: Response['headers']): string[] =>
    differences(listing === undefined ? own : { ...own, listing }, { status: 200, headers: kept, body });
  expect(found(headers)).toEqual(others);
  expect(found(without(headers, 'accept-ranges'))).toEqual([expect.stringContaining('accept-ranges'), ...others]);
});

function without(headers: Response['headers'], ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function withHeaders(headers: Readonly<Record<string, string>>): Response {
  return { ...same, headers: { ...same.headers, ...headers } };
}
