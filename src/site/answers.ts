import type { PrecomputeLimits } from '../config.ts';
import type { Answers } from '../queries/columns.ts';
import type { IndexFiles } from './index-files.ts';

export interface PrecomputedAnswers {
  /** Digest -> body. */
  readonly bodies: ReadonlyMap<string, Buffer>;
  readonly table: Answers;
}

export function precomputeAnswers(index: IndexFiles, _limits: PrecomputeLimits): PrecomputedAnswers {
  return { bodies: new Map(), table: index.columns.answers };
}
