import { Stop } from '../../errors.ts';
import type { OpenBundle } from './open-bundles.ts';

/**
 * Bundles in the order in which each follows the one before: it was made on top of the site that the one before makes. Throws a `Stop`
 * where they form no such row.
 */
export function inOrder<Bundle extends Pick<OpenBundle, 'path' | 'description'>>(bundles: readonly Bundle[]): Bundle[] {
  const made = new Set(bundles.map(({ description }) => description.manifest));
  const row = bundles.filter(({ description }) => description.base === null || !made.has(description.base));
  if (bundles.length === 1) return [...bundles];
  for (let last = row[0]; last && row.length < bundles.length;) {
    const { manifest } = last.description;
    last = bundles.find((one) => one.description.base === manifest && !row.includes(one));
    if (last) row.push(last);
  }
  const isRow = row.every(({ description }, i) => i === 0 || description.base === row[i - 1]?.description.manifest);
  if (row.length === bundles.length && isRow) return row;
  const names = bundles.map(({ path }) => path).join(', ');
  throw new Stop(
    'usage',
    `these bundles don't follow one another: ${names}`,
    'apply them one after the other, the newest last',
  );
}
