import type { RecordedRow } from '../support/compare.ts';

/** nginx itself refuses a path that climbs above the root, and a NUL. */
export function isRefused({ t }: RecordedRow): boolean {
  const parts = decodeURI(t.replace(/\?.*/s, '').replaceAll(/%(?!2e)/gi, '%25')).split('/');
  let depth = 0;
  for (const part of parts) if ((depth += part === '..' ? -1 : part === '' || part === '.' ? 0 : 1) < 0) return true;
  return /%00/.test(t);
}
