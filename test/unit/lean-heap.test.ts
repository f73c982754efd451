import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Keeps the objects of the last 20 rounds, so that garbage is old, and prints the largest heap in MB. */
const PROGRAM = `
import { setTimeout } from 'node:timers/promises';
const { withLeanHeap } = await import(process.argv[1]);
const kept = [];
let largest = 0;
const gives = await withLeanHeap(async () => {
  for (let round = 0; round < 240; round++) {
    kept.push(Array.from({ length: 20000 }, (_, i) => [round, i]));
    if (kept.length > 20) kept.shift();
    if (round % 8 === 0) await setTimeout(60);
    largest = Math.max(largest, process.memoryUsage().heapUsed);
  }
  return 'done';
});
console.log(JSON.stringify({ gives, largest: largest / 2 ** 20 }));
`;

test('old garbage is collected before the heap is a multiple of what is alive', () => {
  const lean = new URL('../../lib/lean-heap.js', import.meta.url).href;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, lean], { encoding: 'utf8' });
  const { gives, largest } = JSON.parse(printed) as { gives: string; largest: number };
  expect(gives).toBe('done');
  expect(largest).toBeLessThan(110);
});
