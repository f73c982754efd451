import type { FindingCode, StopCode } from './error-codes.ts';

/*
 * The two kinds of expected trouble. A finding is collected and reported with all others of a run. A stop ends the run.
 */

/** Something wrong with one thing; the run goes on. `where` is a path as the user knows it. */
export interface Finding {
  readonly code: FindingCode;
  readonly where: string;
  readonly text: string;
  /** Errors fail the command (exit status 1); warnings are only shown. */
  readonly level: 'error' | 'warning';
}

/** Whether one of the findings fails the command. */
export function hasError(findings: readonly { readonly level: string }[]): boolean {
  return findings.some(({ level }) => level === 'error');
}

/**
 * The command can't run (exit status 2). The message names the path or thing that is wrong. The hint says what to do.
 */
export class Stop extends Error {
  readonly code: StopCode;
  readonly hint: string | undefined;

  constructor(code: StopCode, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Stop';
    this.code = code;
    this.hint = hint;
  }
}

/** The code of an error of the system, such as `ENOENT`; '' of every other one. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Whether a file system call failed because nothing is there. Every other failure says nothing about what is there. */
export function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}

/** What work gives that reads something which may not be there. Throws every other failure. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
