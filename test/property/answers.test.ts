import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { answerName } from '../../src/build/answer-bodies.ts';
import { precomputeAnswers } from '../../src/build/answers.ts';
import type { IndexedRevision } from '../../src/build/index-files.ts';
import { cloudflarePath } from '../../src/hosts/cloudflare/path.ts';
import registry from '../../src/hosts/netlify/functions/registry.ts';
import { netlifyPath } from '../../src/hosts/netlify/path.ts';
import { answerPath, ANSWERS, INDEX, indexFilePath } from '../../src/tree/layout.ts';
import { categoryName, conditions, flags, manyVersions, versionAtBounds } from '../support/arbitraries.ts';
import type { Parameter } from '../support/arbitraries.ts';
import { indexOf } from '../support/registry.ts';

/*
 * An answer that a host finds as a file is the one that it composes where the site lacks the file, whatever the catalog and the query.
 * The adapters of Netlify and Cloudflare are asked as these call them.
 */

type Ask = (request: Request) => Promise<Response>;

/** The files of a site, by their paths. */
type Files = ReadonlyMap<string, Buffer>;

/** A site of revisions, as far as `/search` and `/categories` need it. */
function siteOf(all: readonly IndexedRevision[]): Map<string, Buffer> {
  const index = indexOf(...all);
  const { columns, rows } = index;
  const files = new Map<string, Buffer>();
  const specs = [{ min: '2.9', max: '3.0' }];
  const answers = precomputeAnswers(
    index,
    { answers: 10_000, bytes: 2 ** 30, specs },
    (digest, body) => void files.set(answerPath(answerName(digest)), Buffer.from(body)),
  );
  files.set(INDEX, Buffer.from(JSON.stringify({ build: index.build, columns: 'columns-0.json', rows: 'rows-0.txt' })));
  files.set(indexFilePath('columns-0.json'), Buffer.from(JSON.stringify({ ...columns, answers })));
  files.set(indexFilePath('rows-0.txt'), rows);
  return files;
}

/** What a host finds at a URL; `onFound` is told the path. */
function responder(files: Files, pathOf: (path: string) => string, onFound: (path: string) => void) {
  const assets = new Map([...files].map(([path, bytes]) => [pathOf(path), bytes]));
  return (url: string): Promise<Response> => {
    const path = new URL(url).pathname.slice(1);
    const bytes = assets.get(path);
    if (bytes) onFound(path);
    return Promise.resolve(new Response(bytes && Uint8Array.from(bytes), { status: bytes ? 200 : 404 }));
  };
}

let deploys = 0;
const hosts: Record<string, (files: Files, onFound: (path: string) => void) => Promise<Ask>> = {
  netlify: (files, onFound) => {
    const find = responder(files, (path) => netlifyPath(path, ''), onFound);
    const deploy = { id: String(deploys++) };
    return Promise.resolve((request) => registry(request, { next: ({ url }) => find(url), deploy }));
  },
  cloudflare: async (files, onFound) => {
    const find = responder(files, (path) => cloudflarePath(path, ''), onFound);
    vi.stubGlobal('FixedLengthStream', function fixedLengthStream() {
      return new TransformStream();
    });
    vi.resetModules(); // a Worker keeps its index for good
    const { default: worker } = await import('../../src/hosts/cloudflare/worker.ts');
    return (request) => worker.fetch(request, { ASSETS: { fetch: find } });
  },
};

/** What makes most queries none that has a precomputed answer: at most one in a query. */
const ODD = [
  'agent.version',
  'capabilities',
  'discovery',
  'spec.min',
  'spec.max',
  'type',
  'package',
  'experimental',
  'all',
];

/** What somebody may write of a parameter. */
const spelled = (parameter: Parameter): fc.Arbitrary<string> => {
  const [name, value] = parameter;
  const escaped = value.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  const more = fc.constantFrom('', `&${name}=other`, '&unknown=1', '&x', '&', '&a;b');
  return fc.tuple(fc.constantFrom(value, value, escaped), more).map(([text, rest]) => `${name}=${text}${rest}`);
};

const asked = fc
  .record({
    where: conditions,
    shown: flags,
    category: fc.option(categoryName, { freq: 2 }),
    templates: fc.boolean(),
    kibana: fc.option(versionAtBounds),
    odd: fc.option(fc.constantFrom(...ODD), { nil: '' }),
  })
  .map(({ where, shown, category, templates, kibana, odd }): Parameter[] => {
    const all = [...where, ...shown].filter(([name]) => name === odd || ![...ODD, 'kibana.version'].includes(name));
    if (category !== null) all.push(['category', category]);
    if (templates) all.push(['include_policy_templates', 'true']);
    if (kibana !== null) all.push(['kibana.version', kibana]);
    return all;
  });

const target = fc
  .tuple(fc.constantFrom('search', 'categories'), asked)
  .chain(([endpoint, all]) =>
    fc
      .tuple(fc.shuffledSubarray(all, { minLength: all.length }).chain((list) => fc.tuple(...list.map(spelled))))
      .map(([pairs]) => `/${endpoint}?${pairs.join('&')}`),
  );
const requests = fc.array(fc.tuple(fc.constantFrom('GET', 'GET', 'HEAD'), target), { minLength: 30, maxLength: 60 });

/** All of an answer, but for the text of its tag, which says how it was made. */
async function answerTo(ask: Ask, method: string, path: string): Promise<object> {
  const response = await ask(new Request(`http://registry.test${path}`, { method }));
  const { etag, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, isTagged: etag !== undefined, headers, body: await response.text() };
}

test.each(Object.keys(hosts))(
  '%s finds the same answers as files and composes them',
  { timeout: 60_000 },
  async (host) => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(manyVersions, requests, async (all, asked) => {
        const files = siteOf(all);
        const start = hosts[host] as (typeof hosts)[string];
        let last = '';
        const finding = await start(files, (path) => (last = path));
        const rest = [...files].filter(([path]) => !path.startsWith(ANSWERS));
        const answers: [string, object][] = [];
        for (const [method, path] of asked) {
          last = '';
          answers.push([`${method} ${path}`, await answerTo(finding, method, path)]);
          if (last.startsWith(ANSWERS)) found++;
        }
        const composing = await start(new Map(rest), () => undefined);
        for (const [i, [method, path]] of asked.entries())
          expect([`${method} ${path}`, await answerTo(composing, method, path)]).toEqual(answers[i]);
      }),
      { numRuns: 100 },
    );
    expect(found).toBeGreaterThan(1000);
  },
);
