import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BundleReport } from '../../src/commands/bundle/run.ts';
import { listing, run, shippedContent, temporaryFolder } from '../support/cli.ts';

test('a shell makes the new site of an old one and an overlay', async () => {
  const home = temporaryFolder();
  cpSync(shippedContent, join(home, 'content'), { recursive: true });
  const build = ['build', '--dist', 'staging', '--target', 'nginx'];
  expect(await run(build, { cwd: home })).toMatchObject({ status: 0 });
  const [away, dist] = [join(home, 'away'), join(home, 'dist')];
  cpSync(dist, away, { recursive: true });
  const odd = ["it's", 'a b', 'back\\slash', 'line\nbreak', '-rf'];
  for (const name of odd) writeFileSync(join(away, 'staging.nginx', name), 'old');
  mkdirSync(join(away, 'staging.nginx/swap'));
  writeFileSync(join(away, 'staging.nginx/swap/file'), 'old');
  writeFileSync(join(away, 'staging.nginx/turn'), 'old');
  writeFileSync(join(dist, 'staging.nginx/swap'), 'new');
  mkdirSync(join(dist, 'staging.nginx/turn'));
  for (const name of odd.filter((one) => !one.includes('\\')))
    writeFileSync(join(dist, 'staging.nginx/turn', name), 'new');
  const old = join(home, 'old');
  cpSync(away, old, { recursive: true });
  const packed = await run(
    ['bundle', '--dist', 'staging', '--format', 'overlay', '--since', join(old, 'staging'), '--json'],
    { cwd: home },
  );
  expect(packed).toMatchObject({ status: 0 });
  const { next, file, files, links } = JSON.parse(packed.stdout) as BundleReport;
  expect({ files, links }).toEqual({ files: 5, links: 4 });
  for (const path of [file, `${file}.sha256`]) renameSync(path, join(away, path.slice(dist.length)));
  execFileSync('sh', ['-ec', next.join('\n')], { cwd: away, stdio: 'pipe' });
  for (const name of ['staging', 'staging.nginx']) expect(listing(join(away, name))).toEqual(listing(join(dist, name)));
  rmSync(old, { recursive: true });
});

test('an overlay needs a site to follow', async () => {
  const home = temporaryFolder();
  cpSync(shippedContent, join(home, 'content'), { recursive: true });
  expect(await run(['build', '--dist', 'staging'], { cwd: home })).toMatchObject({ status: 0 });
  const failed = await run(['bundle', '--dist', 'staging', '--format', 'overlay'], { cwd: home });
  expect(failed.status).toBe(2);
  expect(failed.stderr).toContain('--format overlay needs --since');
});

test('an overlay or an archive refuses what it would hold by another name', async () => {
  const home = temporaryFolder();
  cpSync(shippedContent, join(home, 'content'), { recursive: true });
  expect(await run(['build', '--dist', 'staging', '--target', 'nginx'], { cwd: home })).toMatchObject({ status: 0 });
  cpSync(join(home, 'dist'), join(home, 'old'), { recursive: true });
  writeFileSync(join(home, 'dist/staging.nginx/back\\slash'), '');
  const before = readdirSync(join(home, 'dist'));
  for (const form of ['overlay --since old/staging', 'tar.gz', 'zip']) {
    const failed = await run(['bundle', '--dist', 'staging', '--format', ...form.split(' ')], { cwd: home });
    expect(failed.status).toBe(2);
    expect(failed.stderr).toContain("can't hold staging.nginx/back\\slash: its name has a backslash");
  }
  expect(readdirSync(join(home, 'dist'))).toEqual(before);
});
