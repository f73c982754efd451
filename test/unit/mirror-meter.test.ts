import { expect, test } from 'vitest';
import { meter } from '../../src/mirror/meter.ts';
import { revisionId } from '../../src/storage/storage.ts';

/** A meter, and the last that it told: bytes that came, and of all. */
function metered(revisions: number) {
  let last: readonly number[] = [];
  const made = meter((done, total) => void (last = [done, total]));
  made.expect(revisions);
  const watch = (name: string) => made.watch(revisionId(name, '1.0.0'));
  return { ...made, watch, last: () => last };
}

test('what answers say counts from the first byte on', () => {
  const { watch, last } = metered(10);
  const [a, b] = [watch('a'), watch('b')];
  a.onHead(100);
  b.onHead(300);
  a.onBytes(1);
  expect(last()).toEqual([1, 2000]);
  a.onBytes(99);
  b.onBytes(300);
  expect(last()).toEqual([400, 2000]);
});

test('an answer that says nothing is as large as what came of it', () => {
  const { watch, last } = metered(2);
  const a = watch('a');
  a.onHead(undefined);
  a.onBytes(10);
  expect(last()).toEqual([10, 20]);
  a.onBytes(10);
  expect(last()).toEqual([20, 40]);
});

test('another attempt counts from the beginning, and what is not had counts for nothing', () => {
  const { watch, onFetched, last } = metered(2);
  const a = watch('a');
  a.onHead(100);
  a.onBytes(50);
  a.onHead(100);
  a.onBytes(20);
  expect(last()).toEqual([20, 200]);
  onFetched(revisionId('b', '1.0.0'));
  a.onBytes(80);
  expect(last()).toEqual([100, 100]);
});
