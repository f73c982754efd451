import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostNames } from '../../src/hosts/hosts.ts';
import { run, shippedContent, siteFaults, temporaryFolder } from '../support/cli.ts';

const sh = (cwd: string, command: string): string =>
  execFileSync('sh', ['-c', command], { cwd, encoding: 'utf8', stdio: 'pipe' });

test.each([
  ['tar.gz', 'tar xzf staging.tar.gz'],
  ['zip', 'TZ=UTC unzip -q staging.zip'], // the times in a zip are of no time zone
])('a %s holds the whole site and what nginx needs, and can be checked where it is opened', async (format, open) => {
  const home = temporaryFolder();
  cpSync(shippedContent, join(home, 'content'), { recursive: true });
  expect((await run(['build', '--dist', 'staging', '--target', 'nginx'], { cwd: home })).status).toBe(0);
  const packed = await run(['bundle', '--dist', 'staging', '--format', format], { cwd: home });
  expect(packed).toMatchObject({ status: 0 });
  expect(packed.stdout).toContain(`sha256sum -c staging.${format}.sha256`);

  const away = join(home, 'away');
  mkdirSync(away);
  sh(home, `mv dist/staging.${format} dist/staging.${format}.sha256 away/`);
  expect(sh(away, `sha256sum -c staging.${format}.sha256`)).toContain('OK');
  sh(away, open);
  sh(away, 'sha256sum --quiet -c staging.SHA256SUMS');
  expect(siteFaults(join(away, 'staging'))).toEqual([]);
  expect(statSync(join(away, 'staging.nginx/epr.js')).size).toBeGreaterThan(1000);
  appendFileSync(join(away, 'staging/_registry/index.json'), ' ');
  expect(() => sh(away, 'sha256sum --quiet -c staging.SHA256SUMS')).toThrow('did NOT match');
});

test('a bundle has the folder of every host that the site was built for', async () => {
  const home = temporaryFolder();
  cpSync(shippedContent, join(home, 'content'), { recursive: true });
  for (const host of hostNames)
    expect(await run(['build', '--dist', 'staging', '--target', host], { cwd: home })).toMatchObject({ status: 0 });
  mkdirSync(join(home, 'dist/staging.other'));
  writeFileSync(join(home, 'dist/staging.other/file'), '');
  const archive = ['bundle', '--dist', 'staging', '--format', 'tar.gz'];
  expect(await run(archive, { cwd: home })).toMatchObject({ status: 0 });
  const names = sh(home, 'tar tzf dist/staging.tar.gz').trimEnd().split('\n');
  expect([...new Set(names.map((name) => name.split('/', 1)[0]))].sort()).toEqual(
    ['staging', 'staging.SHA256SUMS', ...hostNames.map((host) => `staging.${host}`)].sort(),
  );
});

test('without a site it says how to build one', async () => {
  const failed = await run(['bundle', '--dist', 'staging'], { cwd: temporaryFolder() });
  expect(failed.status).toBe(2);
  expect(failed.stderr).toMatch(/build one: node \S+ build --dist staging$/m);
});
