import { compareRevisionVersions, parseStrictVersion } from '../core/version.ts';

/** Those of some revisions that a version means, or those next to it. */
export interface Chosen<T> {
  readonly revisions: readonly T[];
  /** Whether the version means none of them, and these are the nearest ones: at most one below and one above. */
  readonly isNearest: boolean;
}

/** The revisions, given oldest first, whose version is `asked` or begins with it: `1.9` begins 1.9.0 and 1.9.0-rc1, not 1.90.0. */
export function revisionsOf<T extends { readonly version: string }>(all: readonly T[], asked: string): Chosen<T> {
  const exact = all.filter(({ version }) => version === asked);
  const meant = exact.length > 0 ? exact : all.filter(({ version }) => begins(asked, version));
  return meant.length > 0
    ? { revisions: meant, isNearest: false }
    : { revisions: nearest(all, asked), isNearest: true };
}

function begins(asked: string, version: string): boolean {
  const start = asked.replace(/[.x*]+$/, '');
  return start !== '' && version.startsWith(start) && /^([.+-]|$)/.test(version.slice(start.length));
}

function nearest<T extends { readonly version: string }>(all: readonly T[], asked: string): T[] {
  const wanted = parseStrictVersion(`${asked.replace(/[.x*]+$/, '')}.0.0.0`.split('.').slice(0, 3).join('.'));
  if (!wanted) return all.slice(-2);
  const isAbove = ({ version }: T): boolean => {
    const parsed = parseStrictVersion(version);
    return parsed !== undefined && compareRevisionVersions(parsed, wanted) > 0;
  };
  const at = all.findIndex(isAbove);
  return at < 0 ? all.slice(-1) : all.slice(Math.max(0, at - 1), at + 1);
}
