import { printText } from '../../report.ts';

/** Prints a script as it is. */
export function printCompletion(script: string): void {
  printText(`${script.trimEnd()}\n`);
}
