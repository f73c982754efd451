import { megabytes, printLines } from '../../report.ts';
import { tableLines } from '../table.ts';
import type { ReleasesReport } from './run.ts';

/** The releases of a store for a person, the newest first. */
export function printReleases({ at, releases }: ReleasesReport): void {
  const newest = releases.toReversed();
  const commits = newest.map(({ header }) =>
    (header?.layers ?? []).map(({ name, commit }) => (commit ? `${name} ${commit.slice(0, 12)}` : name)).join(', '),
  );
  printLines((color, width) => [
    `${color.bold(newest[0]?.header?.distribution ?? '')} in ${at}`,
    '',
    ...tableLines(
      [
        { title: '', values: newest.map(({ isCurrent }) => (isCurrent ? '*' : '')) },
        { title: 'release', values: newest.map(({ id }) => id) },
        {
          title: 'published',
          values: newest.map(({ header }) => header?.published.slice(0, 16).replace('T', ' ') ?? '?'),
        },
        {
          title: 'files',
          values: newest.map(({ header }) => header?.files.toLocaleString('en-US') ?? '?'),
          align: 'right',
        },
        {
          title: 'stored',
          values: newest.map(({ header }) => (header ? megabytes(header.stored) : '?')),
          align: 'right',
        },
        { title: 'commits', values: commits, least: 10 },
      ],
      width,
    ),
  ]);
}
