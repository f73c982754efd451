// node .ci/verdict.mjs RESULTS: reads what Vitest's JSON reporter wrote. Names what was skipped; fails where nothing ran, or where
// the real storage lies in ../shared and a test over it was skipped. Prints "N passed, N failed" last.
import { existsSync, readFileSync } from 'node:fs';

/** What the names of all tests over the real storage say. */
const REAL = /real storage/;

function verdict(file) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const skipped = tests.filter(({ status }) => !['passed', 'failed'].includes(status)).map(({ fullName }) => fullName);
  for (const name of skipped) say(`skipped: ${name}`);
  const complaints = [];
  if (tests.length === 0) complaints.push('no test ran');
  if (existsSync(new URL('../../shared', import.meta.url))) {
    const missed = skipped.filter((name) => REAL.test(name)).length;
    if (missed > 0) complaints.push(`../shared is there, but ${missed} tests over the real storage were skipped`);
    if (!tests.some(({ fullName, status }) => REAL.test(fullName) && status === 'passed'))
      complaints.push('../shared is there, but no test over the real storage passed');
  }
  return { passed: numPassedTests, failed: numFailedTests, complaints };
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

let result = { passed: 0, failed: 0, complaints: [] };
try {
  result = verdict(process.argv[2]);
} catch (error) {
  result.complaints.push(`the results can't be read: ${error.message}`);
}
for (const complaint of result.complaints) say(`FAILED: ${complaint}`);
say(`${result.passed} passed, ${result.failed + result.complaints.length} failed`);
process.exitCode = result.failed + result.complaints.length > 0 ? 1 : 0;
