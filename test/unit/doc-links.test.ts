import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../support/source.ts';

/* Every relative link and anchor in the documents of this repository leads somewhere. */

const ROOTS = ['.', 'docs', 'docs/decisions', 'deploy', 'test/recorded'];

test('every link between the documents leads somewhere', () => {
  const pages = ROOTS.filter((folder) => existsSync(join(REPOSITORY, folder))).flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(REPOSITORY, folder, name)),
  );
  const checked = pages.map((page) => ({ page, links: linksOf(readFileSync(page, 'utf8')) }));
  expect(checked.flatMap(({ links }) => links).length).toBeGreaterThan(100);
  expect(checked.flatMap(({ page, links }) => links.flatMap((link) => faultOf(page, link)))).toEqual([]);
});

test('a link that leads nowhere is found', () => {
  const page = join(REPOSITORY, 'README.md');
  const text =
    '[a](docs/none.md) `[b](none)` [c](#none) [d](docs/dictionary.md#dictionary) [e](https://a.b/c)\n\n    [f](none)\n';
  expect(linksOf(text).flatMap((link) => faultOf(page, link))).toEqual([
    'README.md: docs/none.md is not there',
    'README.md: #none is no heading',
  ]);
});

test('anchors are those of GitHub', () => {
  expect(anchorsOf('# A `b`, *c*\n## [D](e) & f_g-h\n\n```\n# no\n```\n## Twice\n### Twice\n')).toEqual([
    'a-b-c',
    'd--f_g-h',
    'twice',
    'twice-1',
  ]);
});

/** What is wrong with a link of a page, if anything. */
function faultOf(page: string, link: string): string[] {
  if (/^[a-z][a-z+.-]*:/.test(link)) return [];
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  const shown = relative(REPOSITORY, page);
  if (!existsSync(target)) return [`${shown}: ${link} is not there`];
  if (anchor === undefined || !target.endsWith('.md')) return [];
  return anchorsOf(readFileSync(target, 'utf8')).includes(anchor) ? [] : [`${shown}: ${link} is no heading`];
}

/** The targets of the links of a page, but not those in code. */
function linksOf(text: string): string[] {
  const prose = withoutFences(text)
    .filter((line) => !/^ {4}/.test(line))
    .join('\n')
    .replaceAll(/`[^`]*`/g, '``');
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?\)/g)].map(([, target]) => target ?? '');
}

/** What GitHub makes of the headings of a page: lower case, only letters, digits, `-` and `_`, and a number for one that comes again. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return withoutFences(text)
    .flatMap((line) => /^#{1,6} +(.*?)(?: +#+)?$/.exec(line)?.[1] ?? [])
    .map((heading) => {
      const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${times}`;
    });
}

function withoutFences(text: string): string[] {
  let isCode = false;
  return text.split('\n').filter((line) => {
    const isFence = /^\s*(```|~~~)/.test(line);
    if (isFence) isCode = !isCode;
    return !isFence && !isCode;
  });
}
