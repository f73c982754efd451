import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { byGitOrder, packageFiles } from './repository.ts';
import type { Files, Repository, TreeEntry } from './repository.ts';
import { made } from './zip-bytes.ts';
import type { Made } from './zip-bytes.ts';

/*
 * Inputs that are made to harm whoever builds them, as tables: the name of the package, and words of the finding that it must get.
 * Contents are files of a package, in every kind of storage; the others are peculiar to one kind.
 */

export interface HostileContent {
  readonly name: string;
  readonly finding: string;
  /** Paths in the package -> content; besides the least that a package needs. */
  readonly files: Files;
}

const MANIFEST = 'manifest.yml';
const PIPELINE = 'data_stream/log/elasticsearch/ingest_pipeline/default';

function manifestOf(name: string, more: string): Files {
  return {
    [MANIFEST]: `format_version: 3.0.0\nname: ${name}\ntitle: x\ndescription: x\nversion: 1.0.0\ntype: integration\n${more}\n`,
  };
}

function streamOf(files: Files): Files {
  const fields = ['data_stream.type', 'data_stream.dataset', 'data_stream.namespace'];
  return {
    'data_stream/log/manifest.yml': 'type: logs\ntitle: x\n',
    'data_stream/log/fields/base.yml': `${fields.map((one) => `- { name: ${one}, type: constant_keyword }`).join('\n')}\n- { name: '@timestamp', type: date }\n`,
    ...files,
  };
}

/** A list of lists, each with ten aliases of the one before. */
function aliasBomb(levels: number): string {
  const lines = Array.from(
    { length: levels },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
  );
  return ['a0: &a0 x', ...lines].join('\n');
}

const MIB = 2 ** 20;
const NESTED = `vars: ${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const TWICE_SEPARATED = `'${' '.repeat(400_000)}\u2028x'`;

export const hostileContents: readonly HostileContent[] = [
  ...(
    [
      ['aliases_of_aliases', aliasBomb(12), 'too many aliases'],
      [
        'aliases_of_a_text',
        `t: &t ${'x'.repeat(100_000)}\nu: [${Array(5000).fill('*t').join(', ')}]`,
        'with its aliases written out, has more than',
      ],
      [
        'aliases_of_long_keys',
        `k: &k { ${Array(300).fill('a').join('.')}: 1 }\nu: [${Array(1500).fill('*k').join(', ')}]`,
        'has more than 200,000 values',
      ],
      [
        'merges',
        `m: &m { ${Array.from({ length: 900 }, (_, i) => `k${i}: 1`).join(', ')} }\nu: [${Array(500).fill('{ <<: *m }').join(', ')}]`,
        'values; the limit is',
      ],
      ['nested_lists', NESTED, 'maxDepth (1000)'],
      ['long_manifest', `# ${'x'.repeat(MIB)}`, `bytes; the limit is 1,048,576 (limits.manifest`],
      ['many_values', `u: [${Array(250_000).fill('1').join(',')}]`, 'has more than 200,000 values'],
      ['odd_break', `description: ${TWICE_SEPARATED}\nu: *none`, 'unknown anchor'],
      ['odd_breaks', `u: [${Array(60_000).fill('"\u2028"').join(', ')}]\nv: *none`, 'unknown anchor'],
      ['separators', `u: "${'\u2028 x'.repeat(200_000)}"\nv: *none`, 'unknown anchor'],
      ['far_right', `${' '.repeat(300_000)}- [${'\n'.repeat(100_000)}]`, 'manifest.yml'],
      ['huge_number', `version: ${'9'.repeat(500_000)}`, 'version'],
      ['huge_exponent', `version: 1e${'9'.repeat(500_000)}`, 'version'],
      [
        'long_constraint',
        `conditions: { kibana: { version: '${'>=1.0.0 || '.repeat(50_000)}' } }`,
        'does not parse as a constraint',
      ],
      ['spaces', `u: "${' '.repeat(500_000)}`, 'not YAML'],
      ['backslashes', `u: "${'\\\\'.repeat(200_000)}\u2028`, 'not YAML'],
      ['keys_without_end', `${'? '.repeat(200_000)}`, 'manifest.yml'],
      ['dashes', `u:\n${'- '.repeat(200_000)}`, 'manifest.yml'],
      ['dots', `? ${'a.'.repeat(400_000)}a\n: 1`, 'nested deeper than 1000'],
      ['far_index', `a.1000000: 1\nb: *none`, 'unknown anchor'],
      ['prototype', `__proto__: { x: 1 }\nb: *none`, 'unknown anchor'],
    ] as const
  ).map(([name, more, finding]) => ({ name, finding, files: manifestOf(name, more) })),
  { name: 'control_characters', finding: 'a control character', files: { [MANIFEST]: 'name: \u001b[2J' } },
  { name: 'no_text', finding: 'bytes that are no text', files: { [MANIFEST]: Buffer.from([0xc3, 0x28]) } },
  {
    name: 'nested_json',
    finding: 'default.json: is nested deeper than 1000',
    files: streamOf({ [`${PIPELINE}.json`]: '['.repeat(2 * MIB) }),
  },
  {
    name: 'many_json',
    finding: 'default.json: has more than 200,000 values',
    files: streamOf({ [`${PIPELINE}.json`]: `[${'{},'.repeat(300_000)}{}]` }),
  },
  {
    name: 'long_json',
    finding: 'bytes; the limit is 4,194,304 (limits.parsed',
    files: streamOf({ [`${PIPELINE}.json`]: `"${'x'.repeat(5 * MIB)}"` }),
  },
  {
    name: 'long_pipeline',
    finding: 'bytes; the limit is 4,194,304 (limits.parsed',
    files: streamOf({ [`${PIPELINE}.yml`]: `# ${'x'.repeat(5 * MIB)}` }),
  },
  {
    name: 'deep_fields',
    finding: 'required field',
    files: streamOf({ 'data_stream/log/fields/base.yml': deepFields(400, 5000) }),
  },
  {
    name: 'deep_folders',
    finding: 'folders in each other; the limit is 32 (limits.depth',
    files: { [`docs/${'a/'.repeat(100)}x`]: 'x' },
  },
  {
    name: 'long_path',
    finding: 'has a path of',
    files: { [`docs/${`${'a'.repeat(200)}/`.repeat(8)}x`]: 'x' },
  },
  {
    name: 'large_file',
    finding: 'has 67,108,865 bytes; the limit is 67,108,864 (limits.file',
    files: { 'docs/zeros': Buffer.alloc(64 * MIB + 1) },
  },
];

function deepFields(depth: number, leaves: number): string {
  const levels = Array.from({ length: depth }, () => `[{ name: ${'n'.repeat(100)}, fields: `).join('');
  return `${levels}[${Array(leaves).fill('{ name: x }').join(', ')}]${'}]'.repeat(depth)}\n`;
}

/** The files of a package, the hostile ones in place of those that every package has. */
export function filesOf({ name, files }: HostileContent): Files {
  return packageFiles(name, '1.0.0', files);
}

/** A zip of files `<name>/<version>/…`, as if nothing were wrong with it. */
export function zipOf(name: string, files: Files): Buffer {
  return made(
    Object.entries(files).map(([path, content]) => ({
      name: path.replace(`${name}/1.0.0/`, `${name}-1.0.0/`),
      content: Buffer.from(content),
    })),
  );
}

export interface HostileZip {
  readonly name: string;
  readonly finding: string;
  zip(): Buffer;
}

/** Each has the files of a good package, too. */
function zipWith(name: string, ...more: Made[]): Buffer {
  const good = Object.entries(packageFiles(name, '1.0.0')).map(([path, content]): Made => ({
    name: path.replace(`${name}/1.0.0/`, `${name}-1.0.0/`),
    content: Buffer.from(content),
  }));
  return made([...good, ...more]);
}

export const hostileZips: readonly HostileZip[] = [
  ...(
    [
      ['way_up', { name: 'way_up-1.0.0/../../evil' }, 'has a segment "." or ".."'],
      ['absolute', { name: '/tmp/evil' }, 'is an absolute path'],
      ['backslash', { name: 'backslash-1.0.0/..\\evil' }, 'has a backslash in its name'],
      ['nul', { name: 'nul-1.0.0/a\0b' }, 'has a NUL in its name'],
      ['empty_name', { name: '' }, 'has an empty segment'],
      ['other_top', { name: 'evil-1.0.0/x' }, 'lies outside of the top folder'],
      ['twice', { name: 'twice-1.0.0/manifest.yml' }, 'is there twice'],
      ['link', { name: 'link-1.0.0/x', attributes: (0o120777 << 16) >>> 0 }, 'is a symbolic link'],
      ['encrypted', { name: 'encrypted-1.0.0/x', flags: 1 }, 'is encrypted'],
      ['method', { name: 'method-1.0.0/x', method: 93 }, 'uses compression method 93'],
      [
        'local_name',
        { name: 'local_name-1.0.0/x', localName: 'local_name-1.0.0/y' },
        'another name in its local header',
      ],
      ['local_size', { name: 'local_size-1.0.0/x', local: { size: 9 } }, 'another size in its local header'],
      ['local_method', { name: 'local_method-1.0.0/x', local: { method: 0 } }, 'another compression method in its'],
      ['no_descriptor', { name: 'no_descriptor-1.0.0/x', flags: 8 }, 'has another CRC or size behind its content'],
      ['larger_size', { name: 'larger_size-1.0.0/x', size: 5000 }, 'is 0 bytes but says 5000'],
      ['wrong_crc', { name: 'wrong_crc-1.0.0/x', crc: 1 }, 'its CRC is wrong'],
      [
        'zeros',
        { name: 'zeros-1.0.0/x', content: Buffer.alloc(30 * MIB) },
        'times its bytes; the limit is 200 (limits.ratio',
      ],
      ['says_much', { name: 'says_much-1.0.0/x', size: 0xffff_fff0 }, 'has 4,294,967,280 bytes; the limit is'],
      ['beyond', { name: 'beyond-1.0.0/x', packed: 100_000_000 }, 'overlap or are cut off'],
    ] as const
  ).map(([name, entry, finding]) => ({ name, finding, zip: () => zipWith(name, entry) })),
  {
    name: 'wrapped_count',
    finding: 'its directory holds more or less than the number of entries that it says',
    zip: () => {
      const entries = Array.from({ length: 65_537 }, (_, i) => ({ name: `wrapped_count-1.0.0/${i}`, stored: true }));
      return made(entries.map((entry) => entry satisfies Made));
    },
  },
  {
    name: 'many_entries',
    finding: 'has 60,000 files and folders; the limit is 50,000 (limits.entries',
    zip: () => made(Array.from({ length: 60_000 }, (_, i) => ({ name: `many_entries-1.0.0/${i}`, stored: true }))),
  },
  { name: 'cut_off', finding: 'not a readable zip', zip: () => zipWith('cut_off').subarray(0, -30) },
  { name: 'no_zip', finding: 'not a readable zip', zip: () => Buffer.from('no zip') },
];

export interface HostileTree {
  readonly name: string;
  readonly finding: string;
  /** The tree of a version. */
  tree(repository: Repository, good: readonly TreeEntry[]): string;
}

function entryCalled(name: string | Buffer, finding: string, key: string): HostileTree {
  return {
    name: key,
    finding,
    tree: (repository, good) =>
      repository.tree(inOrder([...good, { mode: '100644', name, id: repository.blob('evil') }])),
  };
}

function inOrder(entries: readonly TreeEntry[]): TreeEntry[] {
  return entries.toSorted(byGitOrder);
}

const NO_NAME = 'has a name that no file can have';

export const hostileTrees: readonly HostileTree[] = [
  entryCalled('..', NO_NAME, 'dots'),
  entryCalled('.', NO_NAME, 'dot'),
  entryCalled('', NO_NAME, 'empty'),
  entryCalled('a/../../../evil', NO_NAME, 'slashes'),
  entryCalled(Buffer.from([0xc3, 0x28]), NO_NAME, 'no_text_name'),
  entryCalled('x'.repeat(300), 'has too long a name', 'long_name'),
  entryCalled('.git', "is called like git's own folder", 'git'),
  entryCalled('.GIT', "is called like git's own folder", 'git_upper'),
  entryCalled('manifest.yml', NO_NAME, 'twice_in_tree'),
  {
    name: 'unsorted',
    finding: "its entries are not in git's order",
    tree: (repository, good) => repository.tree(good.toReversed()),
  },
  {
    name: 'symbolic_link',
    finding: 'is a symbolic link',
    tree: (repository, good) =>
      repository.tree(inOrder([...good, { mode: '120000', name: 'link', id: repository.blob('/etc/passwd') }])),
  },
  {
    name: 'submodule',
    finding: 'is a submodule',
    tree: (repository, good) =>
      repository.tree(inOrder([...good, { mode: '160000', name: 'module', id: 'ab'.repeat(20) }])),
  },
  {
    name: 'file_that_is_a_tree',
    finding: 'it is a tree, where a blob is named',
    tree: (repository, good) =>
      repository.tree(inOrder([...good, { mode: '100644', name: 'x', id: repository.tree([]) }])),
  },
  {
    name: 'folder_that_is_a_file',
    finding: 'it is a blob, where a tree is named',
    tree: (repository, good) =>
      repository.tree(inOrder([...good, { mode: '40000', name: 'x', id: repository.blob('no tree') }])),
  },
  {
    name: 'tree_bomb',
    finding: 'files and folders; the limit is 50,000 (limits.entries',
    tree: (repository) => bomb(repository, 18, 10),
  },
  {
    name: 'tree_chain',
    finding: 'has more than 32 folders in each other',
    tree: (repository) => bomb(repository, 40, 1),
  },
  {
    name: 'no_tree',
    finding: 'its bytes are no tree',
    tree: (repository) => writeObject(repository, 'tree', Buffer.from('100644 manifest.yml\0short')),
  },
  {
    name: 'forged_file',
    finding: 'it holds something else than its id says; run git fsck',
    tree: (repository, good) => {
      const id = forge(repository, 'blob', Buffer.from('the real logo'), Buffer.from('the evil logo'));
      return repository.tree(inOrder([...good, { mode: '100644', name: 'logo.svg', id }]));
    },
  },
  {
    name: 'forged_manifest',
    finding: 'it holds something else than its id says; run git fsck',
    tree: (repository, good) => {
      const own = packageFiles('forged_manifest', '1.0.0')['forged_manifest/1.0.0/manifest.yml'] ?? '';
      const evil = Buffer.from(String(own).replace('Made for a test.', 'Made for an attack.'));
      const id = forge(repository, 'blob', Buffer.from(`${String(own)}# another\n`), evil);
      return repository.tree(good.map((entry) => (entry.name === 'manifest.yml' ? { ...entry, id } : entry)));
    },
  },
  {
    name: 'forged_tree',
    finding: 'it holds something else than its id says; run git fsck',
    tree: (repository, good) => {
      const id = createHash('sha1').update('tree 0\0 of an attack').digest('hex');
      const cyclic = Buffer.concat([Buffer.from('40000 again\0'), Buffer.from(id, 'hex')]);
      writeAs(repository, id, { type: 'tree', bytes: cyclic });
      return repository.tree(inOrder([...good, { mode: '40000', name: 'again', id }]));
    },
  },
  {
    name: 'garbage',
    finding: 'the storage lacks the content',
    tree: (repository, good) => {
      const id = repository.blob('will be garbage');
      writeRaw(repository, id, Buffer.from('garbage'));
      return repository.tree(inOrder([...good, { mode: '100644', name: 'x', id }]));
    },
  },
  {
    name: 'cut_off_object',
    finding: "git can't read it",
    tree: (repository, good) => {
      const content = Buffer.from(createHash('sha512').update('random').digest('hex').repeat(3));
      const id = repository.blob(content);
      const object = deflateSync(Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]));
      writeRaw(repository, id, object.subarray(0, object.length - 60));
      return repository.tree(inOrder([...good, { mode: '100644', name: 'x', id }]));
    },
  },
];

/** Trees in each other, each with many names for the one below. */
function bomb(repository: Repository, levels: number, width: number): string {
  let id = repository.tree([{ mode: '100644', name: 'x', id: repository.blob('x') }]);
  for (let level = 0; level < levels; level++)
    id = repository.tree(Array.from({ length: width }, (_, i) => ({ mode: '40000' as const, name: `t${i}`, id })));
  return id;
}

/** Writes `evil` as if it were `good`; the id of `good`. */
export function forge(repository: Repository, type: 'blob' | 'commit', good: Buffer, evil: Buffer): string {
  const id = createHash('sha1').update(`${type} ${good.length}\0`).update(good).digest('hex');
  writeAs(repository, id, { type, bytes: evil });
  return id;
}

function writeObject(repository: Repository, type: string, bytes: Buffer): string {
  const id = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
  writeAs(repository, id, { type, bytes });
  return id;
}

export function writeAs(repository: Repository, id: string, { type, bytes }: { type: string; bytes: Buffer }): void {
  writeRaw(repository, id, deflateSync(Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])));
}

function writeRaw({ folder }: Repository, id: string, object: Buffer): void {
  const file = join(folder, 'objects', id.slice(0, 2), id.slice(2));
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, object);
}

export interface HostileFolder {
  readonly name: string;
  readonly finding: string;
  /** Puts it into the folder of a version of a good package. */
  make(folder: string): void;
}

export const hostileFolders: readonly HostileFolder[] = [
  { name: 'link_out', finding: 'is a symbolic link', make: (folder) => symlinkSync('/etc/passwd', join(folder, 'x')) },
  { name: 'link_folder', finding: 'is a symbolic link', make: (folder) => symlinkSync('/', join(folder, 'docs/x')) },
  {
    name: 'link_manifest',
    finding: 'manifest.yml: is a symbolic link',
    make: (folder) => {
      rmSync(join(folder, MANIFEST));
      symlinkSync('/dev/zero', join(folder, MANIFEST));
    },
  },
  {
    name: 'sparse_file',
    finding: 'has 1,000,000,000,000 bytes; the limit is 67,108,864 (limits.file',
    make: (folder) => {
      writeFileSync(join(folder, 'x'), '');
      truncateSync(join(folder, 'x'), 1e12);
    },
  },
  {
    name: 'no_text_file_name',
    finding: 'has a name that is not UTF-8',
    make: (folder) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), 'x'),
  },
];
