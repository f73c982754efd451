import { describe, expect, test } from 'vitest';
import { fileTree } from '../../src/package/file-tree.ts';
import { kibanaFaults, sizeFault } from '../../src/package/kibana.ts';
import type { JsonObject } from '../../src/tree/json.ts';

const MANIFEST: JsonObject = { owner: { github: 'acme/tests' } };

function faults(manifest: JsonObject, dataStream?: JsonObject, files: readonly string[] = []): string[] {
  const file = 'data_stream/d/manifest.yml';
  const paths = dataStream === undefined ? files : [file, ...files];
  const tree = fileTree({ files: paths.map((path) => ({ path, content: '' })), folders: [], zip: undefined });
  const dataStreams = new Map(dataStream === undefined ? [] : [[file, dataStream]]);
  return kibanaFaults({ manifest, dataStreams, tree }).map(({ file: where, text }) => `${where}: ${text}`);
}

describe('Kibana refuses', () => {
  test('a package without an owner', () => {
    expect(faults({})).toEqual([expect.stringMatching(/^manifest\.yml: has no owner.*add "owner: \{ github: /)]);
    expect(faults(MANIFEST)).toEqual([]);
  });

  test('a stray file or folder among the data streams', () => {
    const found = faults(MANIFEST, {}, ['data_stream/x.md', 'data_stream/q/fields/a.yml']);
    expect(found).toEqual([
      expect.stringMatching(/^data_stream\/q: .*manifest\.yml/),
      expect.stringMatching(/^data_stream\/x\.md: .*move it/),
    ]);
  });

  test('a stream without title or input', () => {
    const found = faults(MANIFEST, {
      streams: [
        { input: 'logfile', title: 'Logs' },
        { title: 'No input' },
        { input: 'a' },
        { package: 'p', title: 'Of a package' },
      ],
    });
    expect(found).toEqual([
      expect.stringMatching(/manifest\.yml: streams\.1 has no input.*add "input: /),
      expect.stringMatching(/manifest\.yml: streams\.2 has no title.*add "title: /),
    ]);
  });

  test('a variable without a name', () => {
    const vars = [{ name: '', type: 'text' }];
    expect(faults({ ...MANIFEST, vars })).toEqual([
      expect.stringMatching(/^manifest\.yml: vars\.0 has no name.*add "name: /),
    ]);
  });

  test('variables without a type, wherever they are', () => {
    const vars = [
      { name: 'a', type: 'text' },
      { name: 'b', type: '' },
    ];
    const manifest = { ...MANIFEST, vars, policy_templates: [{ inputs: [{ title: 'I', vars }] }] };
    expect(faults(manifest, { streams: [{ input: 'a', title: 'b', vars }] })).toEqual([
      expect.stringContaining('manifest.yml: vars.1 has no type'),
      expect.stringContaining('manifest.yml: policy_templates.0.inputs.0.vars.1 has no type'),
      expect.stringContaining('data_stream/d/manifest.yml: streams.0.vars.1 has no type'),
    ]);
  });

  test.each([
    ['kibana/tags.yml', 0, 'text/yaml; charset=UTF-8', 'is empty'],
    ['docs/README.md', 4 * 2 ** 20 + 1, 'text/markdown; charset=utf-8', '4194304 bytes of text'],
    ['kibana/a.json', 4 * 2 ** 20 + 1, 'application/json', '4194304 bytes of text'],
    ['img/a.png', 3 * 2 ** 20 + 1, 'image/png', '3145728 bytes of binary content'],
    ['kibana/ml_model/a.json', 50 * 2 ** 20 + 1, 'application/json', '52428800 bytes of a model'],
  ])('%s of %d bytes', (file, size, type, text) => {
    expect(sizeFault(file, size, type)?.text).toContain(text);
  });

  test.each([
    ['kibana/tags.yml', 1, 'text/yaml; charset=UTF-8'],
    ['docs/README.md', 4 * 2 ** 20, 'text/markdown; charset=utf-8'],
    ['img/a.png', 3 * 2 ** 20, 'image/png'],
    ['kibana/ml_model/a.json', 40 * 2 ** 20, 'application/json'],
  ])('not %s of %d bytes', (file, size, type) => {
    expect(sizeFault(file, size, type)).toBeUndefined();
  });
});
