import type { Columns } from './columns.ts';
import { respond } from './respond.ts';
import type { Request } from './respond.ts';
import { errorAnswer } from './response.ts';
import type { Answer } from './response.ts';

/**
 * The answer if a file that should be the answer is missing. A precomputed answer is composed instead. Any other file
 * is a 404 of its route (docs/contract.md section 1). Edge-plain.
 */
export function withoutFile(request: Request, columns: Columns | undefined): Answer {
  const other = respond(request, columns && withoutPrecomputed(columns));
  if (other.kind === 'lookup') return other.answer(undefined);
  return other.body && other.body.kind === 'file' ? errorAnswer(404, 'resource not found') : other;
}

function withoutPrecomputed(columns: Columns): Columns {
  const answers = Object.assign({}, columns.answers, { places: [] });
  return Object.assign({}, columns, { answers });
}
