import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { filesOf, temporaryFolder } from '../support/folder.ts';
import { heldIds, mirror, said } from '../support/mirroring.ts';
import { LIST, packageZip, redirect, sendJson, startUpstream, status, zipAt } from '../support/upstream.ts';
import { made } from '../support/zip-bytes.ts';
import type { Answer, Upstream } from '../support/upstream.ts';

const ZIP = zipAt('bad', '1.0.0');

/** A registry with a package whose zip is answered like this, and one that is as it should be. */
async function withBad(...answers: Answer[]): Promise<Upstream> {
  const upstream = await startUpstream();
  upstream.add('bad', '1.0.0');
  upstream.add('good', '1.0.0');
  for (const answer of answers) upstream.always(ZIP, answer);
  return upstream;
}

function body(bytes: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(200, { 'content-type': 'application/zip', ...headers }).end(bytes);
}

/** A zip with this manifest. */
function inside(manifest: string): Buffer {
  return made([{ name: 'bad-1.0.0/manifest.yml', content: Buffer.from(manifest) }]);
}

/** Sends more than it says: the rest looks like another answer. */
const tooLong: Answer = (response) => {
  const zip = packageZip('bad', '1.0.0');
  response.socket?.end(
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${zip.length - 5}\r\n\r\n`), zip]),
  );
};

const cut: Answer = (response) => {
  response.writeHead(200, { 'content-length': 9 });
  response.write('PK', () => response.destroy());
};

const endless: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/zip' });
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(2 ** 16))) continue;
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};

describe('a zip that is refused:', () => {
  test.each<[string, Answer, string]>([
    ['not there', status(404), 'refused error: answers 404'],
    ['not allowed', status(401), 'refused error: answers 401'],
    ['a part', status(206), 'refused error: answers 206'],
    ['nothing', status(204), 'refused error: answers 204'],
    ['always 500', status(500), 'refused error: answers 500'],
    ['always too many', status(429, { 'retry-after': '1' }), 'refused error: answers 429'],
    [
      'a page',
      body('<h1>Welcome to the hotel</h1>', { 'content-type': 'text/html; charset=utf-8' }),
      'refused error: sends "text/html", which is not what was asked for',
    ],
    [
      'JSON',
      body('{}', { 'content-type': 'application/json' }),
      'refused error: sends "application/json", which is not what was asked for',
    ],
    ['garbage', body('garbage'), 'refused error: gives a bad zip: '],
    ['nothing at all', body(''), 'refused error: gives a bad zip: '],
    ['a cut zip that says so', body(packageZip('bad', '1.0.0').subarray(0, 200)), 'refused error: gives a bad zip: '],
    ['more than it says', tooLong, 'refused error: gives a bad zip: '],
    [
      'another name',
      body(packageZip('good', '1.0.0')),
      'refused error: gives a zip whose top folder is "good-1.0.0", not "bad-1.0.0"',
    ],
    [
      'another version',
      body(packageZip('bad', '1.0.1')),
      'refused error: gives a zip whose top folder is "bad-1.0.1", not "bad-1.0.0"',
    ],
    [
      'another name inside',
      body(inside('name: evil\nversion: 1.0.0')),
      'refused error: gives a zip of another name: "evil", not "bad"',
    ],
    [
      'another version inside',
      body(inside('name: bad\nversion: 1.0.1')),
      'refused error: gives a zip of another version: "1.0.1", not "1.0.0"',
    ],
    ['no version inside', body(inside('name: bad')), 'refused error: gives a zip of another version: "", not "1.0.0"'],
    ['no YAML inside', body(inside('a: [')), 'refused error: gives a zip with a bad manifest.yml: '],
    [
      'no manifest inside',
      body(made([{ name: 'bad-1.0.0/a', content: Buffer.from('a') }])),
      'refused error: gives a zip without a manifest.yml',
    ],
    [
      'a wrong CRC',
      body(made([{ name: 'bad-1.0.0/a', content: Buffer.from('a'), crc: 1 }])),
      'refused error: gives a bad zip: "a": is damaged: its CRC is wrong',
    ],
    [
      'a way out',
      body(made([{ name: 'bad-1.0.0/../../a', content: Buffer.from('a') }])),
      'refused error: gives a bad zip: ',
    ],
    [
      'an unknown coding',
      body('x', { 'content-encoding': 'br' }),
      'refused error: sends a coding that was not asked for: "br"',
    ],
    ['no gzip', body('x', { 'content-encoding': 'gzip' }), 'refused error: sends a broken or incomplete gzip'],
    [
      'a bomb',
      body(gzipSync(Buffer.alloc(2 ** 20)), { 'content-encoding': 'gzip' }),
      'limit error: has more than 100,000 bytes; ',
    ],
    [
      'too much',
      body(Buffer.alloc(100_001)),
      'limit error: has more than 100,000 bytes; the limit is 100,000 (limits.file in distributions.yml)',
    ],
    ['no end', endless, 'limit error: has more than 100,000 bytes; '],
    ['cut', cut, 'refused error: cuts the connection'],
    [
      'no HTTP',
      (response) => void response.socket?.end('garbage\r\n\r\n'),
      'refused error: sends an answer that is not HTTP',
    ],
    [
      'too many headers',
      (response) => void response.writeHead(200, { a: 'a'.repeat(100_000) }).end(),
      'refused error: sends too many headers',
    ],
    ['silence', (response) => void response.socket?.destroy(), 'refused error: cuts the connection'],
    ['no place', status(302), 'refused error: answers 302 without a valid Location'],
    ['a place that is none', redirect('http://'), 'refused error: answers 302 without a valid Location'],
    ['another scheme', redirect('file:///etc/passwd'), 'refused error: redirects from http to file'],
    ['a loop', redirect(ZIP, 307), 'refused error: redirects more than 5 times'],
  ])('%s', async (_, answer, text) => {
    const upstream = await withBad(answer);
    const mirrored = await mirror(upstream.url, temporaryFolder(), { limits: { ...DEFAULT_LIMITS, file: 100_000 } });
    expect(said(mirrored)).toEqual([expect.stringContaining(text)]);
    expect(mirrored.findings[0]?.where).toBe(`elastic: ${upstream.url}${ZIP}`);
    expect(heldIds(mirrored)).toEqual(['good@1.0.0']);
    expect(mirrored.report.refused).toEqual(['bad@1.0.0']);
  });
});

const drip: Answer = (response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('P'), 20);
  response.on('close', () => clearInterval(timer));
};

test('a slow answer is given up, and asked for again', async () => {
  const upstream = await startUpstream();
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) upstream.add('acme', version);
  upstream.once(zipAt('acme', '1.0.0'), () => undefined);
  upstream.once(
    zipAt('acme', '1.0.1'),
    (response) => void response.writeHead(200, { 'content-length': 500 }).write('PK'),
  );
  upstream.once(zipAt('acme', '1.0.2'), drip);
  const pace = { attempts: 2, backoff: 1, headersTimeout: 500, idleTimeout: 500, bodyTimeout: 3000 };
  const mirrored = await mirror(upstream.url, temporaryFolder(), { pace });
  expect(said(mirrored)).toEqual([]);
  expect(mirrored.report).toMatchObject({ held: 3, requests: 7 });
});

describe('a registry that accepts requests and says nothing', () => {
  const pace = { attempts: 6, backoff: 1, headersTimeout: 300, idleTimeout: 300, concurrency: 4 };

  test('is asked three times for its list', async () => {
    const upstream = await startUpstream();
    upstream.always(LIST, () => undefined);
    await expect(mirror(upstream.url, temporaryFolder(), { pace })).rejects.toMatchObject({ code: 'no-registry' });
    expect(upstream.seen).toHaveLength(3);
  });

  test.each<[string, Answer]>([
    ['nothing', () => undefined],
    ['a byte', (response) => void response.writeHead(200, { 'content-length': 500 }).write('P')],
  ])('ends the run where %s comes of any zip', async (_, answer) => {
    const upstream = await startUpstream();
    for (let minor = 0; minor < 40; minor++) {
      upstream.add('acme', `1.${minor}.0`);
      upstream.always(zipAt('acme', `1.${minor}.0`), answer);
    }
    await expect(mirror(upstream.url, temporaryFolder(), { pace })).rejects.toMatchObject({ code: 'no-registry' });
    expect(upstream.seen.length).toBeLessThanOrEqual(1 + 4 * pace.concurrency);
  });
});

describe('what is not what was asked for is asked for again', () => {
  const html = body('<h1>Log in</h1>', { 'content-type': 'text/html' });
  const json = { 'content-type': 'application/json' };
  test.each<[string, Answer]>([
    ['a page', html],
    ['a page elsewhere', redirect('/login')],
    ['garbage', body('garbage')],
    ['nothing', body('')],
    ['a cut zip', body(packageZip('bad', '1.0.0').subarray(0, 200))],
    [
      'a zip with another content',
      body(Buffer.from(packageZip('bad', '1.0.0').map((byte, i) => (i === 150 ? ~byte : byte)))),
    ],
    ['another package', body(packageZip('good', '1.0.0'))],
    ['no gzip', body('x', { 'content-encoding': 'gzip' })],
    ['half a gzip', body(gzipSync(packageZip('bad', '1.0.0')).subarray(0, 99), { 'content-encoding': 'gzip' })],
  ])('%s in the place of a zip', async (_, answer) => {
    const upstream = await withBad();
    upstream.once(ZIP, answer, answer);
    upstream.always('/login', html);
    const mirrored = await mirror(upstream.url, temporaryFolder());
    expect(said(mirrored)).toEqual([]);
    expect(heldIds(mirrored)).toEqual(['bad@1.0.0', 'good@1.0.0']);
    expect(upstream.paths().filter((path) => path === ZIP)).toHaveLength(3);
  });

  test.each<[string, Answer]>([
    ['a page', html],
    ['garbage', body('garbage', json)],
    ['half a list', body('[{"name":"bad","version":"1.0.0"},', json)],
    ['an error', body('{"error":"no"}', json)],
    ['half a gzip', body(gzipSync('[]').subarray(0, 9), { ...json, 'content-encoding': 'gzip' })],
  ])('%s in the place of the list', async (_, answer) => {
    const upstream = await withBad();
    upstream.once(LIST, answer, answer);
    expect(heldIds(await mirror(upstream.url, temporaryFolder()))).toEqual(['bad@1.0.0', 'good@1.0.0']);
  });

  test.each([
    ['a page', '<h1>Not found</h1>'],
    ['nothing', ''],
  ])('%s in the place of a signature', async (_, wrong) => {
    const upstream = await startUpstream();
    const signature = '-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n';
    upstream.add('acme', '1.0.0', { signature });
    upstream.once(`${zipAt('acme', '1.0.0')}.sig`, body(wrong), body(wrong));
    const mirrored = await mirror(upstream.url, temporaryFolder());
    expect(said(mirrored)).toEqual([]);
    expect(mirrored.held[0]?.signature?.size).toBe(signature.length);
  });

  test('but not many times where nearly everything is wrong', async () => {
    const upstream = await startUpstream();
    for (let i = 0; i < 60; i++) {
      upstream.add('acme', `1.0.${i}`);
      upstream.always(zipAt('acme', `1.0.${i}`), body('garbage'));
    }
    const { findings, report } = await mirror(upstream.url, temporaryFolder());
    expect(findings).toHaveLength(60);
    expect(report.requests).toBeLessThan(1 + 60 + 2 * (16 + 2 * 8));
  });
});

test('redirects to more and more hosts end', async () => {
  const upstream = await startUpstream({ address: '0.0.0.0' });
  for (let i = 0; i < 120; i++) {
    upstream.add('acme', `1.0.${i}`);
    upstream.always(zipAt('acme', `1.0.${i}`), redirect(upstream.url.replace('127.0.0.1', `127.0.1.${i}`)));
  }
  const { findings } = await mirror(upstream.url, temporaryFolder(), { pace: { attempts: 1, concurrency: 1 } });
  expect(findings.filter(({ text }) => text === 'redirects to more than 100 hosts')).toHaveLength(20);
});

test('a list may come as gzip', async () => {
  const upstream = await startUpstream();
  upstream.add('acme', '1.0.0');
  const list = gzipSync(JSON.stringify(upstream.list));
  upstream.once(LIST, body(list, { 'content-type': 'application/json', 'content-encoding': 'gzip' }));
  expect(heldIds(await mirror(upstream.url, temporaryFolder()))).toEqual(['acme@1.0.0']);
});

test('once a registry is away, the run ends, and the next one fetches what is missing', async () => {
  const upstream = await startUpstream();
  const versions = Array.from({ length: 60 }, (_, i) => `1.0.${i}`);
  for (const version of versions) upstream.add('acme', version);
  for (const version of versions.slice(5))
    upstream.always(zipAt('acme', version), (response) => void response.destroy());
  const cache = temporaryFolder();
  await expect(mirror(upstream.url, cache)).rejects.toMatchObject({
    code: 'no-registry',
    message: expect.stringMatching(
      / no longer gives packages: it cuts the connection; (?:5\d|60) of them are still missing$/,
    ),
  });
  expect(upstream.seen.length).toBeLessThan(1 + 5 + 55 * 3);
  upstream.answers.clear();
  upstream.seen.length = 0;
  const second = await mirror(upstream.url, cache);
  expect(second.report.held).toBe(60);
  expect(second.report.requests).toBe(1 + second.report.new.length);
});

describe('a list that is none ends the run:', () => {
  test.each<[string, Answer, string]>([
    ['a page', body('<h1>', { 'content-type': 'text/html' }), 'sends "text/html", which is not what was asked for'],
    ['garbage', body('[{', { 'content-type': 'application/json' }), 'gives a list that is not JSON'],
    ['no list', (response) => sendJson(response, { name: 'acme' }), 'gives JSON that is not a list of packages'],
    ['null', (response) => sendJson(response, null), 'gives JSON that is not a list of packages'],
    ['forbidden', status(403), 'answers 403'],
    [
      'too large',
      body(`[${' '.repeat(100_000)}]`, { 'content-type': 'application/json' }),
      'has more than 100,000 bytes; the limit is 100,000 (limits.list in distributions.yml)',
    ],
    [
      'too many',
      (response) =>
        sendJson(
          response,
          Array.from({ length: 11 }, () => 1),
        ),
      'has more than 10 versions of packages; the limit is 10 (limits.revisions in distributions.yml)',
    ],
    ['too deep', body('['.repeat(50_000), { 'content-type': 'application/json' }), 'gives a list that is not JSON'],
    ['away', (response) => void response.destroy(), 'cuts the connection'],
  ])('%s', async (_, answer, text) => {
    const upstream = await startUpstream();
    upstream.always(LIST, answer);
    const limits = { ...DEFAULT_LIMITS, list: 100_000, revisions: 10 };
    await expect(mirror(upstream.url, temporaryFolder(), { limits })).rejects.toMatchObject({
      code: 'no-registry',
      message: `elastic: ${upstream.url}${LIST} ${text}`,
    });
  });

  test.each<[string, Answer, string]>([
    ['another program', body('<h1>', { 'content-type': 'text/html' }), 'check the URL: '],
    ['nothing there', status(404), 'check the URL: '],
    ['a login', status(401), 'set EPR_STATIC_TOKEN_ELASTIC, '],
    ['trouble', status(500), 'run it again later, '],
    ['too much', body(`[${' '.repeat(100_000)}]`, { 'content-type': 'application/json' }), 'raise the limit if '],
  ])('the hint says what helps: %s', async (_, answer, hint) => {
    const upstream = await startUpstream();
    upstream.always(LIST, answer);
    const limits = { ...DEFAULT_LIMITS, list: 100_000 };
    const stop = await mirror(upstream.url, temporaryFolder(), { limits }).catch((error: unknown) => error);
    expect(stop).toMatchObject({ hint: expect.stringContaining(hint) });
  });
});

describe('credentials', () => {
  const TOKEN = 'sesame-open';
  const secrets = /sesame|secret|c2VjcmV0|dXNlcjpzZWNyZXQ/i;

  test.each<[string, string, Record<string, string>, string]>([
    ['a token', '', { EPR_STATIC_TOKEN_ELASTIC: TOKEN }, `Bearer ${TOKEN}`],
    ['a user in the URL', 'us%65r:secret@', {}, `Basic ${btoa('user:secret')}`],
    ['a token before the rest', 'user:secret@', { EPR_STATIC_TOKEN_ELASTIC: TOKEN }, `Bearer ${TOKEN}`],
    ['.netrc', '', { NETRC: 'netrc' }, `Basic ${btoa('user:secret')}`],
    ['.netrc of a user in the URL', 'other@', { NETRC: 'netrc' }, `Basic ${btoa('other:secret too')}`],
    ['HOME/.netrc', '', { HOME: 'home' }, `Basic ${btoa('default:secret')}`],
  ])('%s go to the registry, and not where it redirects to', async (_, user, environment, expected) => {
    const folder = temporaryFolder({
      netrc:
        'machine example.org login no password no\nmachine 127.0.0.1 login user\n password secret # no\nmachine 127.0.0.1 login other password "secret too"\n',
      'home/.netrc': 'macdef init\nmachine 127.0.0.1 login no password no\n\ndefault login default password secret',
    });
    const other = await startUpstream();
    const upstream = await startUpstream({ prefix: '/proxy' });
    upstream.add('acme', '1.0.0');
    upstream.add('gone', '1.0.0');
    upstream.once(zipAt('acme', '1.0.0'), redirect(`${other.url.replace('://', '://eve:eve@')}/there`));
    upstream.always(zipAt('gone', '1.0.0'), status(404));
    other.once('/there', redirect(`${upstream.url}/back`));
    upstream.files.set('/back', packageZip('acme', '1.0.0'));
    const places = Object.entries(environment).map(([key, value]) => [
      key,
      key.startsWith('EPR') ? value : `${folder}/${value}`,
    ]);
    const cache = temporaryFolder();
    const mirrored = await mirror(upstream.url.replace('://', `://${user}`), cache, {
      environment: Object.fromEntries(places),
    });
    expect(heldIds(mirrored)).toEqual(['acme@1.0.0']);
    expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual(Array(4).fill(expected));
    expect(other.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(JSON.stringify(mirrored)).not.toMatch(secrets);
    expect(Object.entries(filesOf(cache)).join()).not.toMatch(secrets);
  });

  test.each([
    ['no URL', '//user:secret@example.org', 'is no URL'],
    ['no URL of the web', 'ftp://user:secret@example.org', 'has a URL that is neither https nor http'],
    ['a query', 'https://example.org/?token=secret', 'has a URL with "?" or "#"'],
  ])('are in no message: %s', async (_, url, text) => {
    const stop = await mirror(url, temporaryFolder()).catch((error: unknown) => error);
    expect(stop).toMatchObject({ code: 'bad-registry', message: `the registry of the layer elastic ${text}` });
  });

  test('with line breaks are refused', async () => {
    const environment = { EPR_STATIC_TOKEN_MY_LAYER: 'secret\r\nx: y' };
    const stop = await mirror('http://127.0.0.1:1', temporaryFolder(), { layer: 'my-layer', environment }).catch(
      (error: unknown) => error,
    );
    expect(stop).toMatchObject({
      code: 'bad-registry',
      message: 'EPR_STATIC_TOKEN_MY_LAYER has a character that no token has',
    });
  });

  test('of a registry that is away are in no message', async () => {
    const stop = await mirror('http://user:secret@127.0.0.1:1/a', temporaryFolder()).catch((error: unknown) => error);
    expect(stop).toMatchObject({
      code: 'no-registry',
      message: `elastic: http://127.0.0.1:1/a${LIST} refuses connections (ECONNREFUSED)`,
    });
  });
});
