import { expect, test } from 'vitest';
import { fileTree } from '../../src/package/file-tree.ts';
import { nameWarnings } from '../../src/package/names.ts';

function warningsFor(...paths: string[]): string[] {
  const files = paths.map((path) => ({ path, content: '' }));
  const tree = fileTree({ files, folders: [], zip: undefined });
  return nameWarnings(tree, paths).map(({ code, file, text }) => `${code} ${file}: ${text}`);
}

test('names that differ only by case, of files and of folders', () => {
  expect(warningsFor('docs/a.md', 'docs/A.md', 'img/Ä.svg', 'img/ä.svg')).toEqual([
    'case docs/A.md: differs only by case from docs/a.md',
    'case img/ä.svg: differs only by case from img/Ä.svg',
  ]);
  expect(warningsFor('kibana/x', 'Kibana/y')).toEqual(['case Kibana: differs only by case from kibana']);
});

test('names that differ only by the Unicode form of their letters', () => {
  expect(warningsFor('img/\u00e9.svg', 'img/e\u0301.svg')).toEqual([
    'names img/e\u0301.svg: differs only by the Unicode form of its letters from "img/\u00e9.svg" (img/\\u00e9.svg and img/e\\u0301.svg)',
  ]);
});

test.each(['con', 'aux.txt', 'docs/NUL', 'lpt1.md', 'x.', 'x ', 'a:b', 'a?', 'a\\b', 'a\nb', 'nul/x'])(
  'Windows can not hold %j',
  (path) => {
    expect(warningsFor(path)).toEqual([expect.stringMatching(/^names .*, which Windows can't hold$/s)]);
  },
);

test.each(['console.md', 'docs/auxiliary', '.dot', 'a b', 'com', 'x.nul', 'manifest.yml', '日本語'])(
  'nothing is wrong with %j',
  (path) => {
    expect(warningsFor(path)).toEqual([]);
  },
);
