import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsence } from '../errors.ts';
import { withRequiredBy } from '../pages/required-by.ts';
import { packageFolder } from '../pages/shell.ts';
import { pagePath } from '../tree/layout.ts';
import type { SiteWriter } from '../tree/site-writer.ts';
import { pageFile } from './browse.ts';
import type { BrowsedPackage } from './browse.ts';
import type { ContentStore } from './cache/contents.ts';
import type { MadePackage } from './kept.ts';

/*
 * Which packages require a package is known when all are made. Its page is changed then, also where the package itself is kept as it was.
 */

interface Pages {
  readonly writer: SiteWriter;
  /** The site that is there, with the pages of packages that were kept. */
  readonly folder: string;
  readonly store: Pick<ContentStore, 'pool'>;
}

/** The packages, whose pages say by which others each is required. */
export async function showRequiredBy(packages: readonly MadePackage[], pages: Pages): Promise<MadePackage[]> {
  const requiring = new Map<string, string[]>();
  for (const { name, browsed } of packages)
    for (const required of new Set(browsed?.requires ?? [])) {
      const names = requiring.get(required) ?? [];
      requiring.set(required, names);
      names.push(name);
    }
  return await Promise.all(
    packages.map(async (made) => {
      const { name, browsed } = made;
      const requiredBy = requiring.get(name) ?? [];
      if (!browsed || browsed.requiredBy.join() === requiredBy.join()) return made;
      return { ...made, browsed: await changed(name, { ...browsed, requiredBy }, pages) };
    }),
  );
}

async function changed(
  name: string,
  browsed: BrowsedPackage,
  { writer, folder, store }: Pages,
): Promise<BrowsedPackage> {
  const page = `${packageFolder(name)}index.html`;
  const path = pagePath(page);
  const place = writer.resolve(path);
  const text = withRequiredBy(
    (await readMade(place)) ?? (await readFile(join(folder, path), 'utf8')),
    browsed.requiredBy,
  );
  const [written] = await store.pool.run('write', { files: [[place, text]] });
  const file = pageFile(page, written as { size: number; digest: string });
  return { ...browsed, pages: browsed.pages.map((one) => (one.path === path ? file : one)) };
}

/** A page that this build has made; undefined where it was kept. */
async function readMade(place: string): Promise<string | undefined> {
  try {
    return await readFile(place, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
