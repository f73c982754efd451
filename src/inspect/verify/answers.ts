import type { Precompute } from '../../config.ts';
import { precomputeAnswers } from '../../build/answers.ts';
import { answerPath } from '../../tree/layout.ts';
import { answerName } from '../../build/answer-bodies.ts';
import type { Finding } from '../../errors.ts';
import type { Answers } from '../../core/columns.ts';
import { disagreement } from './findings.ts';
import type { SiteIndex } from './index-view.ts';

/*
 * Computes the precomputed answers of a site again, from its columns and rows.
 */

/** The digest of each answer by its path, and what the columns say otherwise. */
export interface AnswersCheck {
  readonly digests: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** Computes the answers as the build did, with the ranges and up to the limits that the columns show. */
export function checkAnswers({ columns, rows, paths }: SiteIndex): AnswersCheck {
  const digests = new Map<string, string>();
  const answers = precomputeAnswers({ build: columns.build, columns, rows }, limitsOf(columns.answers), (digest) => {
    digests.set(answerPath(answerName(digest)), digest);
  });
  const isSame = JSON.stringify(answers) === JSON.stringify(columns.answers);
  const fault = `names other answers than the edge core makes of it and ${paths.rows}`;
  return { digests, findings: isSame ? [] : [disagreement(paths.columns, fault)] };
}

/** What was left out for a limit is left out again by the limits that just let in what is there. */
function limitsOf({ specs, ranges, digests, bytes }: Answers): Precompute {
  return {
    answers: digests.length,
    bytes: bytes.reduce((sum, one) => sum + one, 0),
    specs: ranges.slice(1).map(([from, to]) => {
      const [min, max] = [specs[from], specs[to - 1]];
      return to === 0 || min === undefined || max === undefined ? NOTHING : { min: short(min), max: short(max) };
    }),
  };
}

/** A range that no spec version lies in. */
const NOTHING = { min: '1.0', max: '0.0' };

/** `3.0.0` as a query writes it. */
function short(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
