import type { RecordedRow } from '../support/compare.ts';

/** A kind of request that the platform changes, or answers, before the registry's code sees it. */
export interface Skip {
  readonly reason: string;
  applies(row: RecordedRow): boolean;
}

/** What of the contract can't be asked of nginx: nothing. Even what nginx refuses is handed to the code, by `error_page`. */
export const nginxSkips: readonly Skip[] = [];
