import { describe, expect, test } from 'vitest';
import { html, render } from '../../src/pages/html.ts';
import { packageFiles } from '../../src/pages/package-files.ts';
import { grouped, tables } from '../../src/pages/paged.ts';
import { markdownBlocks } from '../../src/pages/readme.ts';
import { reachOf, reachText } from '../../src/pages/kibana-releases.ts';
import type { RevisionFacts } from '../../src/pages/package-facts.ts';
import { decodeText } from '../../src/tree/text.ts';

const files = packageFiles(
  {
    name: 'acme',
    version: '1.0.0',
    files: [
      { path: 'img/a b.png', type: 'image/png' },
      { path: 'img/logo.svg', type: 'image/svg+xml' },
      { path: 'docs/more.md', type: 'text/markdown; charset=utf-8' },
      { path: 'docs/page.html', type: 'text/html; charset=utf-8' },
      { path: `img/${decodeText(Buffer.from([0xe9]))}.png`, type: 'image/png' },
    ],
  },
  '../../',
);

function shown(text: string): string {
  const blocks = markdownBlocks({ text, files, folder: 'docs', level: 2, prefix: 'readme-' });
  return blocks.map(render).join('');
}

test('texts are escaped, between tags and in attributes', () => {
  const text = `<script>alert("1" & '2')</script>\0`;
  expect(render(html`<p title="${text}">${[text]}</p>`)).toBe(`<p title="${ESCAPED}">${ESCAPED}</p>`);
});
const ESCAPED = '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\ufffd';

describe('of a readme', () => {
  test.each([
    ['HTML', '<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> a <b onclick=x>b</b>'],
    ['a link to a script', '[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](java\tscript:x) [d](<javascript:x>)'],
    ['a link with an escaped scheme', '[a](&#106;avascript:alert(1)) [b](&#x6A;avascript&colon;alert(1))'],
    ['a link to data', '[a](data:text/html,<script>1</script>) [b](vbscript:x) [c](file:///etc/passwd) <javascript:x>'],
    ['a link to another host without a scheme', '[a](//evil.example/x) [b](\\\\evil.example) [c](/\\evil.example)'],
    [
      'an image of another host',
      '![a](https://evil.example/x.png) ![b](//evil.example/x.png) ![c](data:image/png;base64,AA)',
    ],
    ['an image that the package lacks', '![a](../img/none.png) ![b](../../other/1.0.0/img/x.png)'],
    ['a link to a file that runs', '[a](../img/logo.svg) [b](page.html)'],
    ['a quote in an address', '[a](https://x.example/"onmouseover="alert(1)) ![b](../img/none.png"onerror="x)'],
    ['a language of code', '```"><script>alert(1)</script>\nx\n```'],
    ['a title', '[a](https://x.example "t\\" onclick=alert(1)")'],
  ])('%s runs nothing and leads nowhere', (_, text) => {
    const out = shown(text);
    for (const [, tag = '', attributes = ''] of out.matchAll(/<([a-z0-9]+)((?:\s[^>]*)?)>/g)) {
      expect(['p', 'a', 'em', 'code', 'pre', 'strong']).toContain(tag);
      expect(attributes.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/on\w+=|src|style/);
      for (const [, href = ''] of attributes.matchAll(/href="([^"]*)"/g))
        expect(href).toMatch(/^https:\/\/x\.example(\/|$)/);
    }
    expect(out).not.toMatch(/<(script|img|b|iframe|svg)\b/);
  });

  test('images and files of the package are shown', () => {
    expect(shown('![A](../img/a%20b.png) ![L](/img/logo.svg) [m](more.md#x)')).toBe(
      '<p><img src="../../package/acme/1.0.0/img/a%20b.png" alt="A" loading="lazy"> <img src="../../package/acme/1.0.0/img/logo.svg" alt="L" loading="lazy"> <a href="../../package/acme/1.0.0/docs/more.md">m</a></p>\n',
    );
  });

  test('a name that is not UTF-8 keeps its bytes', () => {
    expect(files.image('../img/%E9.png', 'docs')).toBe('../../package/acme/1.0.0/img/%E9.png');
  });

  test('headings stand below those of the page, without gaps, and links find them', () => {
    expect(shown('# A\n\n### A\n\n[x](#a-1)')).toBe(
      '<h3 id="readme-a">A</h3>\n<h4 id="readme-a-1">A</h4>\n<p><a href="#readme-a-1">x</a></p>\n',
    );
  });

  test('very many equal headings have ids of their own, without a search that grows', () => {
    const ids = [...shown('# A\n'.repeat(40_000) + '# A-1\n').matchAll(/id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.slice(0, 3)).toEqual(['readme-a', 'readme-a-1', 'readme-a-2']);
    expect(new Set(ids).size).toBe(40_001);
  });

  test('a long table is some tables with the same head', () => {
    const blocks = markdownBlocks({
      text: `| a |\n| --- |\n${`| ${'x'.repeat(1000)} |\n`.repeat(100)}`,
      files,
      folder: 'docs',
      level: 2,
      prefix: '',
    });
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) expect(render(block)).toContain('<th>a</th>');
  });
});

test('blocks are grouped into pages of at most 100 kB, and one that is too large is replaced', () => {
  const block = html`<p>${'x'.repeat(30_000)}</p>`;
  const pages = grouped([block, block, block, html`${'y'.repeat(200_000)}`, block], () => html`instead`);
  expect(pages.map((page) => page.length)).toEqual([2, 3]);
  expect(render(pages)).toContain('instead');
  expect(tables(['a'], [], 'none')).toEqual([]);
});

/** What pages that go on begin with. */
function starts(blocks: Parameters<typeof grouped>[0]): string[] {
  const pages = grouped(blocks, () => html``).slice(1);
  return pages.map((page) => render(page).replaceAll(/x{9,}/g, 'x').replaceAll(/>\s+</g, '><'));
}

test('a page that goes on begins with the headings above', () => {
  const long = html`<p>${'x'.repeat(50_000)}</p>`;
  const heads = [html`<h3 id="a">A <em>b</em></h3>`, html`<h4>B</h4>`];
  const a = '<h3>A <em>b</em> (continued)</h3>';
  expect(starts([...heads, long, long])).toEqual([`${a}<h4>B (continued)</h4><p>x</p>`]);
  expect(starts([...heads, long, html`<h5>C</h5>`, long])).toEqual([
    `${a}<h4>B (continued)</h4><h5>C (continued)</h5><p>x</p>`,
  ]);
  expect(
    starts([
      ...heads,
      long,
      html`<h3>C</h3>
        ${long}`,
    ]),
  ).toEqual(['<h3>C</h3><p>x</p>']);
  const endless = html`<h3>${'&'.repeat(9999)}</h3>`;
  expect(starts([endless, long, long])[0]).toBe('<h3>… (continued)</h3><p>x</p>');
});

function revision(version: string, kibana?: string): RevisionFacts {
  return { version, kibana, layer: 'x', arrived: undefined, isExperimental: false, size: 1, isSigned: false };
}

describe('which Kibana gets which version', () => {
  test('the newest that accepts it', () => {
    const reach = reachOf([revision('1.0.0', '^7.14.0 || ^8.0.0'), revision('1.1.0', '^8.5.0'), revision('2.0.0-rc1')]);
    expect(reachText(reach, '1.0.0')).toBe('7.14–8.4');
    expect(reachText(reach, '1.1.0')).toBe('8.5–8.19');
    expect(reachText(reach, '2.0.0-rc1')).toBe('');
  });

  test('pre-releases where there is nothing else, and releases that only a package knows', () => {
    const reach = reachOf([revision('1.0.0-rc1', '>=9.30.0')]);
    expect(reachText(reach, '1.0.0-rc1')).toBe('9.30');
  });
});
