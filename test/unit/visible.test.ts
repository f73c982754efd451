import { expect, test } from 'vitest';
import { colors, terminalLine, visible, visibleJson } from '../../src/terminal-text.ts';

test.each([
  ['docs/Sécurité 版.md', 'docs/Sécurité 版.md'],
  ['a\u001b[2Jb\n\u009bc', 'a\\x1b[2Jb\\x0a\\x9bc'],
  ['exe.\u202egnp', 'exe.\\u202egnp'],
])('the text %j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('a line has our own colours, and no others', () => {
  const color = colors(true);
  expect(terminalLine(`${color.red('a\u001b[32mb')} c`)).toBe('\u001b[31ma\\x1b[32mb\u001b[39m c');
  expect(terminalLine(colors(false).red('a'))).toBe('a');
});

test('JSON stays equal', () => {
  const text = JSON.stringify({ 'a\u009b': '\u001b\u202e\u007f\n' }, null, 2);
  expect(visibleJson(text)).toMatch(/^[\x20-\x7e\n]*$/);
  expect(JSON.parse(visibleJson(text))).toEqual(JSON.parse(text));
});
