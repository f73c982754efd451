import type { Finding } from '../errors.ts';
import { count } from '../report.ts';
import type { Colors } from '../terminal-text.ts';
import { findingLines } from './change-report.ts';
import type { PurgeReport } from './purging.ts';

/** What was purged, what failed, and how to try again, for a person; no lines where nobody asked for it. */
export function purgeLines({ purged, findings, next }: PurgeReport, color: Colors): string[] {
  const problems = findingLines(findings as readonly Finding[], color);
  return [
    ...(purged ? purgedLines(purged) : []),
    ...(problems.length === 0 ? [] : ['', ...problems]),
    ...next.map((line) => `Next: ${line}`),
  ];
}

function purgedLines({ list, file, cdn, sent }: NonNullable<PurgeReport['purged']>): string[] {
  const classes = Object.entries<readonly string[]>({ ...list.paths }).filter(([, paths]) => paths.length > 0);
  const named = classes.map(([name, paths]) => `${name} ${paths.length}`).join(', ');
  return [
    `  ${named === '' ? 'no URL answers otherwise' : `URLs that answer otherwise: ${named}`}${file === undefined ? '' : `; the list is in ${file}`}`,
    ...(sent ? [`  ${cdn} purged ${count(sent.paths, 'URL')} by ${count(sent.requests, 'request')}`] : []),
  ];
}
