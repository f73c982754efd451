import { expect, test } from 'vitest';
import { visible } from '../../src/report.ts';

test.each([
  ['docs/Sécurité 版.md', 'docs/Sécurité 版.md'],
  ['a\u001b[2Jb\n\u009bc', 'a\\x1b[2Jb\\x0a\\x9bc'],
  ['exe.\u202egnp', 'exe.\\u202egnp'],
])('the text %j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown);
});
