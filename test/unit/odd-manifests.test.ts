import { describe, expect, test } from 'vitest';
import { packageReader } from '../../src/package/read.ts';
import { DEFAULT_LIMITS } from '../../src/limits.ts';
import type { RevisionId } from '../../src/storage/storage.ts';
import { dataStreamFiles, packageFiles } from '../support/packages.ts';
import type { PackageParts } from '../support/packages.ts';

/* What the registry makes of values that nobody means to write (docs/contract.md sections 5 and 6). */

const PLACE = 'acme/1.0.0';

/** The package of these parts, read without a storage; or what is wrong with it. */
async function read(parts: PackageParts) {
  const contents = new Map(
    Object.entries(packageFiles('acme', '1.0.0', parts)).map(([path, text]) => [
      path.slice(PLACE.length + 1),
      Buffer.from(text as string),
    ]),
  );
  const reader = packageReader(async (id, judge) => judge(contents.get(id) as Buffer), {
    ingestionMethods: { logfile: 'File' },
    signatures: 'optional',
    limits: DEFAULT_LIMITS,
  });
  const files = [...contents.keys()].map((path) => ({ path, content: path }));
  const names = { id: 'acme@1.0.0' as RevisionId, name: 'acme', version: '1.0.0', layer: 'l', where: PLACE };
  const revision = { ...names, source: '', zipped: false, signature: undefined };
  return await reader.read(revision, { files, folders: [], zip: undefined, findings: [] });
}

async function dataStreamOf(manifest: string) {
  const { package: found } = await read({ files: dataStreamFiles('log', manifest) });
  return found?.dataStreams[0];
}

describe('a stream of a data stream', () => {
  test.each(['', 'template_path: ~', 'template_path: ""'])('has the default template with {%s}', async (written) => {
    const stream = `streams: [{ ${['input: nginx', written].filter((part) => part !== '').join(', ')} }]`;
    expect((await dataStreamOf(stream))?.['streams']).toEqual([
      { input: 'nginx', template_path: 'stream.yml.hbs', enabled: true },
    ]);
  });
});
