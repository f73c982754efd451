import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nginxReader } from '../../src/hosts/nginx/reader.ts';

test('the link that nginx gets leads to the configuration, also from below the current folder', () => {
  const folder = mkdtempSync(join(process.cwd(), '.nginx-reader-'));
  try {
    writeFileSync(join(folder, 'nginx.conf'), 'the configuration');
    const line = nginxReader.next('/srv/store/production', folder)[1] ?? '';
    const [link = ''] = line.split(' && ');
    const inFolder = link.replace('sudo ', '').replace('/etc/nginx/sites-enabled', folder);
    execFileSync('sh', ['-c', inFolder]);
    expect(readFileSync(join(folder, 'epr-production.conf'), 'utf8')).toBe('the configuration');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
