import { describe, expect, test } from 'vitest';
import { asByteString } from '../../src/tree/byte-string.ts';
import { respond } from '../../src/core/respond.ts';
import type { Request } from '../../src/core/respond.ts';
import type { FileList } from '../../src/tree/file-list.ts';
import type { Answer } from '../../src/core/response.ts';
import { indexOf, joinPieces, revision } from '../support/registry.ts';

const index = indexOf(revision('acme@1.0.0', { categories: ['web'] }));
const digest = 'd'.repeat(64);
const tag = `"${'d'.repeat(32)}"`;
const list: FileList = {
  index: [5, digest, 'application/json'],
  zip: [10, digest, 'application/zip'],
  files: {
    'docs/README.md': [7, digest, 'text/markdown; charset=utf-8'],
    'a b': [3, digest, 'text/plain; charset=utf-8'],
  },
};
/** The small files of the site. */
const lookups: Readonly<Record<string, string>> = {
  '_registry/release.json': '{}\n',
  '_registry/files/static.json': JSON.stringify({ files: { 'favicon.ico': [4, digest, 'image/x-icon'] } }),
  '_registry/files/acme/1.0.0.json': JSON.stringify(list),
};

function resultOf(
  target: string,
  request: Partial<Request> = {},
  columns: typeof index.columns | undefined = index.columns,
) {
  const [path = asByteString(''), query] = asByteString(target).split('?');
  const first = respond({ method: 'GET', path, query, ...request }, columns);
  return first.kind === 'lookup' ? first.answer(lookups[first.path]) : first;
}

/** An answer as a client sees it; a file as its place in the site. */
function get(target: string, request: Partial<Request> = {}) {
  return shown(resultOf(target, request));
}

function shown({ status, headers, body }: Answer) {
  return { status, headers: Object.fromEntries(headers), body: textOf(body) };
}

function textOf(body: Answer['body']): string {
  if (!body) return '';
  if (body.kind === 'text') return body.text;
  return body.kind === 'file' ? `file ${body.path}` : joinPieces(body.pieces, index.rows);
}

describe('what is there', () => {
  test.each([
    ['/', '{}\n', 'application/json', 10],
    ['/index.json', '{}\n', 'application/json', 10],
    ['/search', '[\n  <acme@1.0.0>\n]\n', 'application/json', 600],
    ['/search?package=b', '[]', 'application/json', 600],
    ['/%73earch?package=acme', '[\n  <acme@1.0.0>\n]\n', 'application/json', 600],
    ['/_registry/release.json', '{}\n', 'application/json', 10],
    ['/favicon.ico', 'file favicon.ico', 'image/x-icon', 602],
    ['/package/acme/1.0.0/', 'file _registry/package/acme/1.0.0.json', 'application/json', 10],
    [
      '/package/acme/1.0.0/docs/README.md',
      'file package/acme/1.0.0/docs/README.md',
      'text/markdown; charset=utf-8',
      602,
    ],
    [
      '/package/acme/1.0.0/docs%2FREADME.md',
      'file package/acme/1.0.0/docs/README.md',
      'text/markdown; charset=utf-8',
      602,
    ],
    ['/package/acme/1.0.0/a%20b', 'file package/acme/1.0.0/a b', 'text/plain; charset=utf-8', 602],
    ['/epr/acme/acme-1.0.0.zip', 'file epr/acme/acme-1.0.0.zip', 'application/zip', 602],
    ['/epr/other/acme-1.0.0.zip', 'file epr/acme/acme-1.0.0.zip', 'application/zip', 602],
  ])('%s', (target, body, type, maxAge) => {
    expect(get(target)).toMatchObject({
      status: 200,
      body,
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Content-Type': type,
        'Cache-Control': `max-age=${maxAge}, public`,
        ETag: expect.stringMatching(/^"[^"]+"$/),
      },
    });
  });

  test('categories', () => {
    const { body, headers } = get('/categories');
    expect(JSON.parse(body)).toEqual([{ id: 'web', title: 'Web', count: 1 }]);
    expect(headers).toMatchObject({ 'Cache-Control': 'max-age=601, public', 'Content-Length': String(body.length) });
  });

  test('health is empty and may not be kept', () => {
    const headers = { 'Access-Control-Allow-Origin': '*', 'Content-Length': '0' };
    expect(get('/health')).toEqual({ status: 200, headers, body: '' });
  });

  test('ranges are those of files, not of JSON', () => {
    const range = 'bytes=1-2';
    expect(get('/epr/acme/acme-1.0.0.zip', { range })).toMatchObject({
      status: 206,
      headers: { 'Content-Range': 'bytes 1-2/10', 'Content-Length': '2' },
    });
    for (const target of ['/', '/search', '/package/acme/1.0.0/', '/_registry/release.json'])
      expect(get(target, { range }).status, target).toBe(200);
  });

  test.each(['/', '/search', '/categories', '/favicon.ico', '/package/acme/1.0.0/', '/epr/acme/acme-1.0.0.zip'])(
    '%s is not sent again to who has it',
    (target) => {
      const { headers } = get(target);
      const again = get(target, { ifNoneMatch: headers['ETag'] });
      expect(again).toMatchObject({ status: 304, body: '', headers: { ETag: headers['ETag'] } });
      expect(again.headers['Cache-Control']).toBe(headers['Cache-Control']);
      expect(again.headers).not.toHaveProperty('Content-Length');
    },
  );

  test('a file has its digest as tag', () => {
    expect(get('/epr/acme/acme-1.0.0.zip').headers['ETag']).toBe(tag);
  });
});

describe('errors', () => {
  test.each([
    ['/package/none/1.0.0/', 404, 'package revision not found'],
    ['/package/acme/2.0.0/', 404, 'package revision not found'],
    ['/package/acme/2.0.0/manifest.yml', 404, 'package revision not found'],
    ['/package/Acme/1.0.0/manifest.yml', 404, 'package revision not found'],
    ['/package/../1.0.0', 301, undefined],
    ['/epr/acme/acme-2.0.0.zip', 404, 'artifact not found'],
    ['/epr/acme/acme-2.0.0.zip.sig', 404, 'signature file not found'],
    ['/epr/acme/acme-1.0.0.zip.sig', 404, 'signature file not found'],
    ['/package/acme/1.0/', 400, 'invalid package version'],
    ['/package/acme/v1.0.0/manifest.yml', 400, 'invalid package version'],
    ['/epr/acme/acme-01.0.0.zip', 400, 'invalid package version'],
    ['/search?prerelease=x', 400, "invalid 'prerelease' query param: 'x'"],
  ])('%s', (target, status, line) => {
    const answer = get(target);
    expect(answer.status).toBe(status);
    if (line === undefined) return;
    expect(answer.body).toBe(`${line}\n`);
    expect(answer.headers).toEqual({
      'Access-Control-Allow-Origin': '*',
      'Cache-Control': 'max-age=0, private, no-store',
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': String(line.length + 1),
    });
  });

  test.each(['docs', 'none.md', 'index.json', 'docs%2F%00', '__proto__', 'constructor', 'docs/readme.md'])(
    'a package without the file %s',
    (file) => {
      expect(get(`/package/acme/1.0.0/${file}`)).toMatchObject({
        status: 404,
        body: 'resource not found\n',
        headers: { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'max-age=602, public' },
      });
    },
  );

  test.each([
    '/none',
    '/Search',
    '/package',
    '/package/acme',
    '/package/acme/',
    '/package/Acme/1.0.0',
    '/epr/acme/acme.zip',
    '/epr/acme/Acme-1.0.0.zip',
    '/epr/acme/acme-1.0.0.tar',
    '/epr/acme-1.0.0.zip',
    '/epr/a/b/acme-1.0.0.zip',
    '/_registry/index.json',
    '/_registry/',
    '/_registry/columns-0.json',
    '/_registry/files/acme/1.0.0.json',
    '/favicon.png',
  ])('%s is no route', (target) => {
    const { status, body, headers } = get(target);
    expect({ status, body }).toEqual({ status: 404, body: '404 page not found\n' });
    expect(headers).not.toHaveProperty('Access-Control-Allow-Origin');
    expect(headers['Cache-Control']).toBe('max-age=0, private, no-store');
  });

  test.each(['/search%', '/%zz', '/package/acme/1.0.0/%e'])('the escapes of %s do not parse', (target) => {
    expect(get(target).status).toBe(400);
  });
});

describe('redirects', () => {
  test.each([
    ['//search', '/search'],
    ['/./search?a=b&&c', '/search?a=b&&c'],
    ['/package/../search?', '/search?'],
  ])('%s is cleaned to %s', (target, location) => {
    const { status, headers, body } = get(target);
    expect({ status, body, headers }).toEqual({
      status: 301,
      body: '',
      headers: { Location: location, 'Content-Length': '0' },
    });
  });

  test.each([
    ['/search/', '/search', undefined],
    ['/package/acme/1.0.0', '/package/acme/1.0.0/', undefined],
    ['/package/none/x', '/package/none/x/', undefined],
    ['/package/N/1.0.0/', '/package/N/1.0.0', undefined],
    ['/package/acme/1.0.0/docs/', '/package/acme/1.0.0/docs', undefined],
    ['/epr/acme/acme-1.0.0.zip/', '/epr/acme/acme-1.0.0.zip', undefined],
    ['/categories/?a="<b>\'', '/categories?a="<b>\'', '/categories?a=&#34;&lt;b&gt;&#39;'],
    ['/package/a%20&b/c/', '/package/a%20&b/c', '/package/a%20&amp;b/c'],
  ])('%s has another slash: %s', (target, location, written = location) => {
    const { status, headers, body } = get(target);
    expect({ status, body }).toEqual({ status: 301, body: `<a href="${written}">Moved Permanently</a>.\n\n` });
    expect(headers).toEqual({
      'Access-Control-Allow-Origin': '*',
      'Content-Type': 'text/html; charset=utf-8',
      Location: location,
      'Content-Length': String(body.length),
    });
  });
});

describe('methods', () => {
  const everything = [
    '/',
    '/search',
    '/categories',
    '/health',
    '/favicon.ico',
    '/none',
    '//',
    '/search/',
    '/search?all=x',
  ];
  const files = [
    '/package/acme/1.0.0/',
    '/package/acme/1.0.0/none',
    '/epr/acme/acme-1.0.0.zip',
    '/_registry/release.json',
  ];

  test.each([...everything, ...files])('HEAD %s is GET without the body', (target) => {
    const { status, headers } = get(target);
    expect(get(target, { method: 'HEAD' })).toEqual({ status, headers, body: '' });
  });

  test.each(['/search', '/none', '/%zz', '//'])('OPTIONS %s lists them', (target) => {
    const { status, headers, body } = get(target, { method: 'OPTIONS' });
    expect({ status, body }).toEqual({ status: 204, body: '' });
    expect(headers).toMatchObject({ Allow: 'GET, HEAD, OPTIONS', 'Access-Control-Allow-Origin': '*' });
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'get', 'TRACE'])('%s is not allowed', (method) => {
    const { status, headers } = get('/search', { method });
    expect(status).toBe(405);
    expect(headers).toMatchObject({ Allow: 'GET, HEAD, OPTIONS', 'Cache-Control': 'max-age=0, private, no-store' });
  });
});

const without = (target: string, method = 'GET') => {
  const [path = asByteString(''), query] = asByteString(target).split('?');
  const result = respond({ method, path, query }, undefined);
  if (result.kind === 'lookup') throw new Error(`${target} looks into ${result.path}`);
  return shown(result);
};

describe('without an index', () => {
  test.each(['/', '/search', '/categories?x', '/favicon.ico', '/package/acme/1.0.0/', '/epr/acme/acme-1.0.0.zip'])(
    '%s is unavailable, and not kept so',
    (target) => {
      const { status, headers, body } = without(target);
      expect(status).toBe(503);
      expect(headers['Cache-Control']).toContain('no-store');
      expect(body).not.toBe('');
      expect(without(target, 'HEAD')).toEqual({ status, headers, body: '' });
    },
  );

  test.each([
    ['/health', 200],
    ['/none', 404],
    ['/search/', 301],
    ['//', 301],
    ['/%', 400],
    ['/package/acme/x/', 400],
  ])('%s is still %i', (target, status) => {
    expect(without(target).status).toBe(status);
  });
});

test('a site without a favicon or a release has no such route', () => {
  for (const path of ['/favicon.ico', '/_registry/release.json']) {
    const first = respond({ method: 'GET', path: asByteString(path), query: undefined }, index.columns);
    if (first.kind !== 'lookup') throw new Error(`${path} looks up nothing`);
    expect(shown(first.answer(undefined))).toMatchObject({ status: 404, body: '404 page not found\n' });
  }
});

test('a release is sent as UTF-8', () => {
  const first = respond(
    { method: 'GET', path: asByteString('/_registry/release.json'), query: undefined },
    index.columns,
  );
  if (first.kind !== 'lookup') throw new Error('no lookup');
  const { headers, body } = shown(first.answer('{"ref":"größe 😀"}\n'));
  expect(Buffer.from(body, 'latin1').toString()).toBe('{"ref":"größe 😀"}\n');
  expect(headers['Content-Length']).toBe('23');
});

test('a name that is none is not looked for', () => {
  const request = { method: 'GET', path: asByteString('/package/..%2f..%2fetc/1.0.0/a'), query: undefined };
  expect(respond(request, index.columns).kind).toBe('answer');
  expect(respond({ ...request, path: asByteString('/package/a.b/1.0.0/a') }, index.columns).kind).toBe('answer');
});
