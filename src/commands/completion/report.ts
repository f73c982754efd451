import { printLines } from '../../report.ts';

/** Prints a script as it is. */
export function printCompletion(script: string): void {
  printLines(() => [script.trimEnd()]);
}
