import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeOverlay } from '../../src/bundle/overlay.ts';
import { temporaryFolder } from '../support/folder.ts';

test('an overlay says that it takes only the folder of a site, and what takes the rest', async () => {
  const since = join(temporaryFolder(), 'production.tar.contents');
  writeFileSync(since, 'a list of contents');
  const writing = writeOverlay('dist/production', { since, file: `${since}.tar` }, () => undefined);
  await expect(writing).rejects.toMatchObject({
    code: 'no-site',
    message: `${since} is no folder of a site`,
    hint: expect.stringContaining('without --format overlay, --since takes bundles'),
  });
});
