import type { Columns } from '../queries/columns.ts';
import { answer } from './answer.ts';
import type { Request } from './answer.ts';
import { errorAnswer } from './response.ts';
import type { Answer } from './response.ts';

/**
 * The answer to a request where the file at `path` of the site, which should be the answer, is missing: a precomputed
 * answer is composed, anything else is the 404 of its route (registry-api.md section 1). Edge-plain.
 */
export function withoutFile(request: Request, columns: Columns | undefined, path: string): Answer {
  if (columns && path.slice(0, ANSWERS.length) === ANSWERS) {
    const other = answer(request, withoutPrecomputed(columns));
    if (other.kind === 'answer' && !(other.body && other.body.kind === 'file')) return other;
  }
  return errorAnswer(404, missingText(path));
}

const ANSWERS = '_registry/answers/';

function withoutPrecomputed(columns: Columns): Columns {
  const answers = Object.assign({}, columns.answers, { search: [], packages: [], categories: [] });
  return Object.assign({}, columns, { answers });
}

function missingText(path: string): string {
  if (path.slice(0, 4) === 'epr/') return path.slice(-4) === '.sig' ? 'signature file not found' : 'artifact not found';
  return path.slice(0, 10) === '_registry/' ? 'package revision not found' : 'resource not found';
}
