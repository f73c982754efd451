import { expect, test } from 'vitest';
import { chooseFrom } from '../../src/mirror/choice.ts';
import type { Listed } from '../../src/mirror/mirroring.ts';
import { takeRule } from '../../src/mirror/take.ts';
import { revisionId } from '../../src/storage/storage.ts';
import { asByteString } from '../../src/tree/byte-string.ts';

/* What is chosen where the registry no longer lists what the cache holds. */

function listed(name: string, version: string): Listed {
  const facts = { type: asByteString('integration') };
  return { id: revisionId(name, version), name, version, isSigned: false, ranges: [], facts };
}

const lists = {
  ranges: [],
  faults: [],
  listed: [listed('a', '1.0.0'), listed('a', '1.1.0'), listed('b', '1.0.0')],
  gone: [listed('a', '1.2.0'), listed('b', '0.9.0'), listed('c', '1.0.0')],
};

test.each([
  ['keep', ['a@1.1.0', 'b@1.0.0', 'a@1.2.0', 'c@1.0.0']],
  ['drop', ['a@1.1.0', 'b@1.0.0']],
  ['refuse', ['a@1.1.0', 'b@1.0.0']],
] as const)('%s: what a line takes, and nothing takes its place', async (gone, expected) => {
  const rule = await takeRule([{}], []);
  const choice = chooseFrom({ kind: 'chosen', ranges: [], choose: (list) => rule(list).revisions }, lists, gone);
  expect(choice.wishes.map(({ listed: { id } }) => id)).toEqual(expected);
  expect(choice.gone.map(({ id }) => id)).toEqual(['a@1.2.0', 'c@1.0.0']);
});
