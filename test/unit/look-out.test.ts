import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { lookOut } from '../../src/commands/serve/look-out.ts';
import { temporaryFolder } from '../support/cli.ts';

const folder = temporaryFolder();
const file = join(folder, 'a/1.0.0/manifest.yml');

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(20);
}

test('whatever changes is seen without any event', { timeout: 60_000 }, async () => {
  mkdirSync(join(folder, 'a/1.0.0'), { recursive: true });
  writeFileSync(file, 'name: a');
  let told = 0;
  let asked = 0;
  const lookout = lookOut(
    async () => {
      asked++;
      return [folder, join(folder, '../none')];
    },
    () => told++,
  );
  await until(() => told === 1); // the first look
  const before = statSync(file);
  const acts: readonly (() => void)[] = [
    () => {
      writeFileSync(file, 'name: b');
      utimesSync(file, before.atime, before.mtime);
    },
    () => {
      writeFileSync(`${file}.new`, 'name: c');
      renameSync(`${file}.new`, file);
    },
    () => mkdirSync(join(folder, 'b')),
    () => writeFileSync(Buffer.from(`${folder}/b/\xff`, 'latin1'), ''),
    () => symlinkSync('a', join(folder, 'link')),
    () => rmSync(join(folder, 'b'), { recursive: true }),
  ];
  for (const act of acts) {
    const so = told;
    act();
    await until(() => told > so);
  }
  const [toldSo, askedSo] = [told, asked];
  await until(() => asked > askedSo + 1);
  expect(told).toBe(toldSo);
  await lookout.stop();
  writeFileSync(file, 'name: d');
  await pause(1100);
  expect(told).toBe(toldSo);
});

test('a busy machine, where a look takes long, is looked at as often', { timeout: 60_000 }, async () => {
  let asked = 0;
  const lookout = lookOut(
    async () => {
      asked++;
      await pause(400);
      return [folder];
    },
    () => undefined,
  );
  const began = performance.now();
  await until(() => asked === 4);
  expect(performance.now() - began).toBeLessThan(15_000);
  await lookout.stop();
});
