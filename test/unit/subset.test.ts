import { describe, expect, test } from 'vitest';
import type { KibanaClient, Subset } from '../../src/config.ts';
import type { QueryFacts } from '../../src/build/index-files.ts';
import { chooseRevisions } from '../../src/subset/choose.ts';
import type { Choosable } from '../../src/subset/choose.ts';

/* Which revisions stay of a distribution, and why. */

const old: KibanaClient = { kibana: '8.5.0', prerelease: true, spec: undefined, capabilities: undefined };

function revision(id: string, facts: Partial<QueryFacts> = {}, requires: Choosable['requires'] = []): Choosable {
  const [name = '', version = ''] = id.split('@');
  return { name, version, facts: { type: 'integration', spec: '3.0.0', ...facts }, requires };
}

function choose(revisions: readonly Choosable[], keep: Partial<Subset> = {}) {
  const base = { name: 'field', from: 'all', clients: [old], previous: 0, installed: undefined, requires: false };
  const { kept, findings } = chooseRevisions(revisions, { ...base, ...keep });
  const ids = [...kept].sort(([a], [b]) => a - b).map(([i, reason]) => [idOf(revisions[i]), reason.rule, reason.text]);
  return { kept: ids, findings };
}

const asked = (more: string) => `Kibana 8.5.0 finds it: /search?kibana.version=8.5.0${more}`;
const before = (what: string) => `it is ${what} before the one that Kibana 8.5.0 finds: /search?kibana.version=8.5.0`;
const idOf = (one: Choosable | undefined) => `${one?.name ?? ''}@${one?.version ?? ''}`;

describe('what stays', () => {
  test('is the newest version that some question of a Kibana finds, with the plainest question that does', () => {
    const all = [
      revision('a@1.0.0', { type: 'input' }),
      revision('a@1.1.0'),
      revision('a@1.2.0'),
      revision('a@1.3.0-rc1'),
      revision('a@2.0.0', { kibana: '^8.6.0' }),
      revision('b@0.1.0', { experimental: 1 }),
      revision('b@0.2.0-a', { kibana: '^9.0.0' }),
    ];
    expect(choose(all).kept).toEqual([
      ['a@1.0.0', 'found', 'Kibana 8.5.0 finds it: /search?kibana.version=8.5.0&type=input'],
      ['a@1.2.0', 'found', 'Kibana 8.5.0 finds it: /search?kibana.version=8.5.0'],
      ['a@1.3.0-rc1', 'found', 'Kibana 8.5.0 finds it: /search?kibana.version=8.5.0&prerelease=true'],
      ['b@0.1.0', 'found', 'Kibana 8.5.0 finds it: /search?kibana.version=8.5.0&prerelease=true'],
    ]);
    const stable = [{ ...old, prerelease: false }];
    expect(choose(all, { clients: stable }).kept.map(([id]) => id)).toEqual(['a@1.0.0', 'a@1.2.0', 'b@0.1.0']);
  });

  test('is what is found with and without the spec range, with and without the capabilities, and with both', () => {
    const all = [
      revision('a@1.0.0'),
      revision('a@1.1.0', { spec: '4.0.0' }),
      revision('a@1.2.0', { capabilities: ['observability'] }),
      revision('a@1.3.0', { spec: '4.0.0', capabilities: ['observability'] }),
    ];
    const spec = { min: '2.3', max: '3.6' };
    const capabilities = ['security', 'élan'];
    const found = (client: KibanaClient) => choose(all, { clients: [client] }).kept.map(([id, , text]) => [id, text]);
    expect(found({ ...old, spec, capabilities })).toEqual([
      ['a@1.0.0', asked('&spec.min=2.3&spec.max=3.6&capabilities=security,%C3%A9lan')],
      ['a@1.1.0', asked('&capabilities=security,%C3%A9lan')],
      ['a@1.2.0', asked('&spec.min=2.3&spec.max=3.6')],
      ['a@1.3.0', asked('')],
    ]);
    expect(found({ ...old, spec }).map(([id]) => id)).toEqual(['a@1.2.0', 'a@1.3.0']);
    expect(found(old).map(([id]) => id)).toEqual(['a@1.3.0']);
  });

  test('is also what old Kibanas find, which ask with experimental', () => {
    const all = [revision('a@1.0.0'), revision('a@1.1.0', { agent: '^9.0.0', experimental: 1 }), revision('a@1.2.0-a')];
    expect(choose(all, { clients: [{ ...old, prerelease: false }] }).kept).toEqual([
      ['a@1.0.0', 'found', 'Kibana 8.5.0 finds it: /search?kibana.version=8.5.0'],
      ['a@1.1.0', 'found', 'Kibana 8.5.0 finds it: /search?kibana.version=8.5.0&experimental=true'],
    ]);
  });

  test('is, with previous, what the same question would find without that version and all newer ones', () => {
    const all = [
      revision('a@1.0.0'),
      revision('a@1.1.0', { kibana: '^8.6.0' }),
      revision('a@1.2.0'),
      revision('a@1.3.0-rc1'),
      revision('a@1.4.0'),
      revision('a@2.0.0', { kibana: '^8.6.0' }),
    ];
    const clients = [{ ...old, prerelease: false }];
    expect(choose(all, { clients, previous: 1 }).kept.slice(0, -1)).toEqual([
      ['a@1.2.0', 'previous', before('the version')],
    ]);
    expect(choose(all, { clients, previous: 999 }).kept.slice(0, -1)).toEqual([
      ['a@1.0.0', 'previous', before('2 versions')],
      ['a@1.2.0', 'previous', before('the version')],
    ]);
    expect(choose(all, { previous: 1 }).kept.map(([id]) => id)).toEqual(['a@1.2.0', 'a@1.3.0-rc1', 'a@1.4.0']);
  });

  test('is what is installed; what is not there is a warning', () => {
    const packages = [
      { name: 'a', version: '1.0.0' },
      { name: 'a', version: '0.9.0' },
    ];
    const all = [revision('a@1.0.0'), revision('a@1.1.0')];
    const { kept, findings } = choose(all, { installed: { file: '/i.json', packages } });
    expect(kept[0]).toEqual(['a@1.0.0', 'installed', 'it is installed, as /i.json says']);
    expect(findings).toEqual([
      { code: 'installed', where: '/i.json', text: "lists a 0.9.0, which all doesn't have", level: 'warning' },
    ]);
  });

  test('is, with requires, what those that stay need, and what that needs in turn', () => {
    const all = [
      revision('a@1.0.0', {}, [{ package: 'b', version: '^1.0.0' }]),
      revision('b@1.0.0', {}, [{ package: 'c', version: '' }]),
      revision('b@1.1.0', { kibana: '^9.0.0' }),
      revision('b@2.0.0'),
      revision('c@1.0.0', { kibana: '^9.0.0' }, [{ package: 'd', version: '^2.0.0' }]),
      revision('c@1.1.0', { kibana: '^9.0.0' }, [{ package: 'd', version: '^2.0.0' }]),
      revision('d@1.0.0', { kibana: '^9.0.0' }),
    ];
    const { kept, findings } = choose(all, { requires: true });
    expect(kept.filter(([, rule]) => rule === 'required')).toEqual([
      ['b@1.0.0', 'required', 'a 1.0.0 requires b ^1.0.0'],
      ['c@1.1.0', 'required', 'b 1.0.0 requires c'],
    ]);
    expect(findings).toEqual([
      { code: 'requires', where: 'c@1.1.0', text: 'requires d ^2.0.0, which all lacks', level: 'warning' },
    ]);
    expect(choose(all).kept.map(([id]) => id)).toEqual(['a@1.0.0', 'b@2.0.0']);
  });
});
