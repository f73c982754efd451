import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editTree, nodeAt } from '../../src/storage/git/edit-tree.ts';
import type { TreeEdit } from '../../src/storage/git/edit-tree.ts';
import { shownText } from '../../src/tree/text.ts';
import { FOLDER, formatTree, parseTree } from '../../src/storage/git/tree.ts';
import type { TreeEntry, TreeNode } from '../../src/storage/git/tree.ts';

/* An edit of a tree changes what it names and nothing else. */

const node: fc.Arbitrary<TreeNode> = fc.record({
  mode: fc.constantFrom('100644', '100755', '100664', '120000', '160000'),
  id: fc.integer({ min: 1, max: 9 }).map((n) => String(n).repeat(40)),
});
const part = fc.constantFrom('a', 'a.b', 'ab', 'B', 'é', 'packages');
/** Files at depth one to three, none below another. */
const files = fc
  .uniqueArray(
    fc.tuple(
      fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      node,
    ),
    {
      selector: ([path]) => path,
      maxLength: 12,
    },
  )
  .map((all) => all.filter(([path]) => !all.some(([other]) => path.startsWith(`${other}/`))));

describe('edits', () => {
  test('set what they name, remove what they name, and leave every other file with its mode', async () => {
    const law = fc.asyncProperty(files, files, fc.infiniteStream(fc.boolean()), async (before, changes, isKept) => {
      const trees = memory();
      const root = await editTree(trees, await trees.writeTree([]), { edits: toEdits(before), kept: '' });
      expect(await listing(trees, root)).toEqual(Object.fromEntries(before));
      const edits = changes
        .filter(([path]) => !before.some(([other]) => path.startsWith(`${other}/`) || other.startsWith(`${path}/`)))
        .map(([path, own]) => ({ path, node: isKept.next().value ? own : undefined }));
      const after = await editTree(trees, root, { edits, kept: 'packages' });
      const expected = new Map(before);
      for (const { path, node: own } of edits) {
        if (own) expected.set(path, own);
        else expected.delete(path);
      }
      expect(await listing(trees, after)).toEqual(Object.fromEntries(expected));
      expect(await editTree(trees, after, { edits, kept: 'packages' })).toBe(after);
      for (const { path, node: own } of edits) expect(await nodeAt(trees, after, path)).toEqual(own);
    });
    await fc.assert(law);
  });

  test('write trees in the order of git: a folder as if its name ended in a slash', async () => {
    const trees = memory();
    const own = { mode: '100644', id: '1'.repeat(40) };
    const edits = ['a/x', 'a.b', 'a0', 'B', 'é'].map((path) => ({ path, node: own }));
    const root = await editTree(trees, await trees.writeTree([]), { edits, kept: '' });
    const names = (await trees.readTree(root)).map(({ name }) => shownText(name));
    expect(names).toEqual(['B', 'a.b', 'a', 'a0', 'é']);
  });

  test('drop folders that they empty, but for the one that is kept', async () => {
    const trees = memory();
    const own = { mode: '100644', id: '1'.repeat(40) };
    const empty = await trees.writeTree([]);
    const root = await editTree(trees, empty, { edits: [{ path: 'packages/a/1', node: own }], kept: '' });
    const edits = [{ path: 'packages/a/1', node: undefined }];
    expect(await editTree(trees, root, { edits, kept: '' })).toBe(empty);
    const kept = await editTree(trees, root, { edits, kept: 'packages' });
    expect(await nodeAt(trees, kept, 'packages')).toEqual({ mode: FOLDER, id: empty });
  });

  test("don't put a folder in the place of a file", async () => {
    const trees = memory();
    const own = { mode: '100644', id: '1'.repeat(40) };
    const root = await editTree(trees, await trees.writeTree([]), { edits: [{ path: 'a', node: own }], kept: '' });
    const below = editTree(trees, root, { edits: [{ path: 'a/b', node: own }], kept: '' });
    await expect(below).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(await editTree(trees, root, { edits: [{ path: 'a/b', node: undefined }], kept: '' })).toBe(root);
  });
});

type Trees = ReturnType<typeof memory>;

function memory() {
  const objects = new Map<string, Buffer>();
  return {
    readTree: async (id: string): Promise<readonly TreeEntry[]> =>
      parseTree(objects.get(id) ?? Buffer.alloc(0), 40) ?? [],
    writeTree: async (entries: readonly TreeEntry[]): Promise<string> => {
      const bytes = formatTree(entries);
      const id = createHash('sha1').update(bytes).digest('hex');
      objects.set(id, bytes);
      return id;
    },
  };
}

function toEdits(all: readonly (readonly [string, TreeNode])[]): TreeEdit[] {
  return all.map(([path, own]) => ({ path, node: own }));
}

async function listing(trees: Trees, id: string, at = ''): Promise<Record<string, TreeNode>> {
  const found: Record<string, TreeNode> = {};
  for (const { mode, name, id: own } of await trees.readTree(id)) {
    const path = at + shownText(name);
    if (mode === FOLDER) Object.assign(found, await listing(trees, own, `${path}/`));
    else found[path] = { mode, id: own };
  }
  return found;
}
