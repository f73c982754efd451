import { describe, expect, test } from 'vitest';
import { asByteString } from '../../src/tree/byte-string.ts';
import { fileAnswer } from '../../src/core/file-answer.ts';
import { httpDate } from '../../src/core/preconditions.ts';
import type { FileSource } from '../../src/core/file-answer.ts';
import type { Answer } from '../../src/core/response.ts';

const digest = '0123456789abcdef'.repeat(4);
const tag = '"0123456789abcdef0123456789abcdef"';
const file: FileSource = {
  path: asByteString('a.zip'),
  entry: [10, digest, 'application/zip'],
  maxAge: 600,
  hasRanges: true,
};
const document: FileSource = { ...file, path: asByteString('a.json'), hasRanges: false };
const empty: FileSource = { ...file, entry: [0, digest, 'text/plain; charset=utf-8'] };

/** Status, the bytes sent and the headers of an answer; an error's body in the place of the bytes. */
function shown({ status, headers, body }: Answer) {
  const sent = body?.kind === 'file' ? `${body.start}-${body.end}` : body?.kind === 'text' ? body.text : undefined;
  return { status, sent, headers: Object.fromEntries(headers) };
}

const whole = {
  'Access-Control-Allow-Origin': '*',
  'Cache-Control': 'max-age=600, public',
  ETag: tag,
  'Content-Type': 'application/zip',
  'Accept-Ranges': 'bytes',
  'Content-Length': '10',
};

test('a whole file', () => {
  expect(shown(fileAnswer({}, file))).toEqual({ status: 200, sent: '0-10', headers: whole });
  expect(fileAnswer({}, file).body).toEqual({
    kind: 'file',
    path: asByteString('a.zip'),
    digest,
    size: 10,
    start: 0,
    end: 10,
  });
});

test('no header is there twice', () => {
  for (const request of [{}, { range: 'bytes=0-1' }, { range: 'bytes=99-' }, { range: 'x' }, { ifNoneMatch: '*' }]) {
    const names = fileAnswer(request, file).headers.map(([name]) => name.toLowerCase());
    expect(names, JSON.stringify(request)).toHaveLength(new Set(names).size);
  }
});

describe('a range', () => {
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=2-4', 2, 5],
    ['bytes=9-9', 9, 10],
    ['bytes=3-', 3, 10],
    ['bytes=3-99', 3, 10],
    ['bytes=0-18446744073709551616', 0, 10],
    ['bytes=-3', 7, 10],
    ['bytes=-10', 0, 10],
    ['bytes=-99', 0, 10],
    ['bytes= 2 - 4 ', 2, 5],
    ['bytes=,2-4,', 2, 5],
    ['bytes=2-4,99-', 2, 5],
  ])('%s', (range, start, end) => {
    expect(shown(fileAnswer({ range }, file))).toEqual({
      status: 206,
      sent: `${start}-${end}`,
      headers: { ...whole, 'Content-Length': String(end - start), 'Content-Range': `bytes ${start}-${end - 1}/10` },
    });
  });

  test.each(['bytes=0-1,3-4', 'bytes=-1,0-', 'bytes=', 'bytes=,', ''])('%s gets the whole file', (range) => {
    expect(shown(fileAnswer({ range }, file))).toEqual({ status: 200, sent: '0-10', headers: whole });
  });

  test.each(['bytes=10-', 'bytes=10-20', 'bytes=99-,10-', 'bytes=-0'])('%s overlaps nothing', (range) => {
    const { status, sent, headers } = shown(fileAnswer({ range }, file));
    expect({ status, sent }).toEqual({ status: 416, sent: 'invalid range: failed to overlap\n' });
    expect(headers).toEqual({
      'Access-Control-Allow-Origin': '*',
      'Content-Range': 'bytes */10',
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': '33',
    });
  });

  test.each(['bytes=a-b', 'bytes=4-2', 'bytes=-', 'bytes=1', 'bytes=--1', 'bytes=0-1,x', 'items=0-1', 'Bytes=0-1'])(
    '%j is no range',
    (range) => {
      const { status, sent, headers } = shown(fileAnswer({ range }, file));
      expect({ status, sent }).toEqual({ status: 416, sent: 'invalid range\n' });
      expect(headers).not.toHaveProperty('Content-Range');
      expect(headers).not.toHaveProperty('Cache-Control');
    },
  );

  test('counts only where the file is still the one that If-Range names', () => {
    const range = 'bytes=2-4';
    for (const ifRange of [tag, '']) expect(fileAnswer({ range, ifRange }, file).status, ifRange).toBe(206);
    for (const ifRange of ['"other"', `W/${tag}`, 'Wed, 21 Oct 2015 07:28:00 GMT'])
      expect(shown(fileAnswer({ range, ifRange }, file)), ifRange).toEqual({
        status: 200,
        sent: '0-10',
        headers: whole,
      });
    expect(fileAnswer({ range: 'bytes=99-', ifRange: '"other"' }, file).status).toBe(200);
  });

  test.each(['bytes=0-1', 'bytes=99-', 'x'])('%s is ignored for JSON answers', (range) => {
    const { status, sent, headers } = shown(fileAnswer({ range }, document));
    expect({ status, sent }).toEqual({ status: 200, sent: '0-10' });
    expect(headers).not.toHaveProperty('Accept-Ranges');
  });
});

describe('an empty file', () => {
  test.each([undefined, 'bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=5-'])(
    'is whole whatever the range: %s',
    (range) => {
      const { status, sent, headers } = shown(fileAnswer({ range }, empty));
      expect({ status, sent, length: headers['Content-Length'] }).toEqual({ status: 200, sent: '0-0', length: '0' });
      expect(headers).not.toHaveProperty('Content-Range');
    },
  );

  test('has ranges that are none too', () => {
    expect(fileAnswer({ range: 'bytes=x' }, empty).status).toBe(416);
  });
});

describe('If-None-Match', () => {
  test.each([tag, `W/${tag}`, '*', `"a", ${tag}`, `"a",W/${tag} , "b"`])('%s: not modified', (ifNoneMatch) => {
    const answer = shown(fileAnswer({ ifNoneMatch, range: 'bytes=99-' }, file));
    expect(answer).toEqual({
      status: 304,
      sent: undefined,
      headers: { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'max-age=600, public', ETag: tag },
    });
  });

  test.each(['"a"', tag.slice(1, -1), `w/${tag}`, '', '"*"', '*, "a"', '"a", *'])('%s: sent', (ifNoneMatch) => {
    expect(fileAnswer({ ifNoneMatch }, file).status).toBe(200);
  });
});

describe('If-Match and If-Unmodified-Since', () => {
  /** A second before and after a site changed. */
  const [before, changed, after] = ['Sun, 06 Nov 1994 08:49:36 GMT', 784111777, 'Sun, 06 Nov 1994 08:49:38 GMT'];

  test.each([
    [{ ifMatch: tag }, 200],
    [{ ifMatch: '*' }, 200],
    [{ ifMatch: `"a",  ${tag}` }, 200],
    [{ ifMatch: `W/${tag}` }, 412],
    [{ ifMatch: '"a"' }, 412],
    [{ ifMatch: '*, "a"' }, 412],
    [{ ifMatch: '' }, 200],
    [{ ifMatch: tag, ifUnmodifiedSince: before, changed }, 200],
    [{ ifMatch: '"a"', ifUnmodifiedSince: after, changed }, 412],
    [{ ifUnmodifiedSince: before, changed }, 412],
    [{ ifUnmodifiedSince: 'Sun, 06 Nov 1994 08:49:37 GMT', changed }, 200],
    [{ ifUnmodifiedSince: after, changed }, 200],
    [{ ifUnmodifiedSince: before }, 200],
    [{ ifUnmodifiedSince: '1994-11-06', changed }, 200],
    [{ ifMatch: '"a"', ifNoneMatch: tag }, 412],
    [{ ifMatch: tag, ifNoneMatch: tag }, 304],
    [{ ifUnmodifiedSince: before, changed, range: 'bytes=99-' }, 412],
  ])('%j: %i', (request, status) => {
    expect(fileAnswer(request, file).status).toBe(status);
    expect(fileAnswer({ ...request, ifNoneMatch: undefined, range: undefined }, document).status).toBe(200);
  });

  test('what fails has no body, and is not kept', () => {
    expect(shown(fileAnswer({ ifMatch: '"a"' }, file))).toEqual({
      status: 412,
      sent: undefined,
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Cache-Control': 'max-age=0, private, no-store',
        'Content-Length': '0',
      },
    });
  });

  test('a weak tag of a host matches nothing strongly', () => {
    const tags = { ofFile: () => ({ form: 'W/"a"', plain: '"a"' }), ofComposed: () => '' };
    expect(fileAnswer({ ifMatch: 'W/"a"', tags }, file).status).toBe(412);
    expect(fileAnswer({ ifMatch: '*', tags }, file).status).toBe(200);
  });
});

test.each([
  ['Sun, 06 Nov 1994 08:49:37 GMT', 784111777],
  ['Sunday, 06-Nov-94 08:49:37 GMT', undefined],
  ['Sun Nov  6 08:49:37 1994', undefined],
  ['Sun, 06 anF 1994 08:49:37 GMT', undefined],
  ['Sun, 06 Xyz 1994 08:49:37 GMT', undefined],
  ['Sun, 00 Nov 1994 08:49:37 GMT', undefined],
  ['Tue, 29 Feb 2000 00:00:00 GMT', 951782400],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['Mon, 29 Feb 2001 00:00:00 GMT', undefined],
  ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
  ['Sun, 06 nov 1994 08:49:37 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
  ['Sun, 06 Nov 1994 08:49:37', undefined],
  ['', undefined],
])('the date %j', (text, seconds) => {
  expect(httpDate(text)).toBe(seconds);
});
