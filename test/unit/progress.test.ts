import { describe, expect, test } from 'vitest';
import { progressLines } from '../../src/report.ts';

/** The lines that steps print: each is a stage, how much of it is done, and when, in milliseconds. */
function linesOf(total: number, steps: readonly (readonly [stage: string, done: number, at: number])[]): string[] {
  const lines: string[] = [];
  let time = 0;
  const progress = progressLines(
    (line) => lines.push(line),
    () => time,
  );
  for (const [stage, done, at] of steps) {
    time = at;
    progress.step(stage, done, total);
  }
  return lines;
}

describe('progress without a terminal', () => {
  test('a short stage prints nothing', () => {
    expect(linesOf(3, [['packages', 1, 0], ['packages', 2, 2000], ['packages', 3, 4999]])).toEqual([]); // prettier-ignore
  });

  test('a long one prints a line every five seconds: what is done, the rate, and the time left', () => {
    const steps = Array.from({ length: 121 }, (_, i) => ['packages', i * 10, i * 100] as const);
    expect(linesOf(1800, steps)).toEqual([
      'Package versions: 500 of 1,800, 100 a second, 13 s left',
      'Package versions: 1,000 of 1,800, 100 a second, 8 s left',
    ]);
  });

  test('each stage has its own rate, and bytes are megabytes', () => {
    const lines = linesOf(300e6, [
      ['packages', 1, 0],
      ['verify', 0, 60_000],
      ['verify', 50e6, 70_000],
    ]);
    expect(lines).toEqual(['Reading files: 50.0 MB of 300.0 MB, 5.0 MB a second, 50 s left']);
  });

  test('a slow stage has a rate below one, and minutes left', () => {
    expect(linesOf(100, [['forms', 1, 0], ['forms', 6, 10_000]])).toEqual([
      'Compressing files: 6 of 100, 0.6 a second, 2 min 37 s left',
    ]); // prettier-ignore
  });
});
