import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { openRepository } from '../../src/storage/git/repository.ts';
import { incomingPackages } from '../../src/workflow/incoming.ts';
import { temporaryFolder } from '../support/folder.ts';
import { packageFiles } from '../support/packages.ts';
import { runGit } from '../support/repository.ts';

test('a file that changes between its listing and its writing is named', async () => {
  const repository = temporaryFolder();
  runGit(['init', '--quiet', '--bare', repository]);
  const folder = join(temporaryFolder(packageFiles('acme', '1.0.0')), 'acme/1.0.0');
  const packages = incomingPackages('production', { keepZip: false, limits: DEFAULT_LIMITS });
  const objects = await openRepository(repository, DEFAULT_LIMITS);
  const read = await packages.read(folder);
  const file = join(folder, 'docs/README.md');
  writeFileSync(file, 'another');
  const written = read.kind === 'package' ? packages.write(objects, read.incoming) : Promise.resolve();
  await expect(written).rejects.toMatchObject({ code: 'changed', message: `${file} was changed while it was read` });
  await packages.close();
  await objects.close();
});
