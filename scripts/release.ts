import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { minor, major, rsort, valid } from 'semver';
import { changelogWith, nextVersion, releaseNotes } from './release/notes.ts';
import type { Commit } from './release/notes.ts';

/*
 * Makes a release of the repository in the current folder: the next version by the commits since the last tag, its notes in CHANGELOG.md, a
 * commit and a tag. Nothing is pushed or published.
 *
 *     node lib/scripts/release.js [--dry-run]
 */

const { 'dry-run': isDry } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } }).values;
const CHANGELOG = 'CHANGELOG.md';
const JOB = 'content/storage-ci.yml';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; repository?: unknown };
const tag = lastTag();
const commits = commitsSince(tag);
const version = tag === undefined ? manifest.version : nextVersion(tag.slice(1), commits);

if (version === undefined) end(`Nothing that users notice changed since ${tag}: there is nothing to release.`);
else if (!isDry && git('status', '--porcelain') !== '')
  end('The work tree has changes: commit them, or put them away.');
else {
  const notes = releaseNotes(commits);
  say(
    `${isDry ? 'Would release' : 'Releases'} v${version}, ${commits.length} commits after ${tag ?? 'nothing'}:\n\n${notes}\n`,
  );
  if (!isDry) release(version, notes);
  say(isDry ? 'Nothing was changed.' : `Next:\n  git push --follow-tags\n  npm publish`);
  if (manifest.repository === undefined)
    say('npm publishes with provenance only if package.json names its `repository`, and only from a CI job.');
}

function release(next: string, notes: string): void {
  const heading = `${next} (${new Date().toISOString().slice(0, 10)})`;
  writeFileSync(CHANGELOG, changelogWith(readFileSync(CHANGELOG, 'utf8'), heading, notes));
  const job = readFileSync(JOB, 'utf8');
  writeFileSync(JOB, job.replace(/epr-static@\d+\.\d+/, `epr-static@${major(next)}.${minor(next)}`));
  const versioning = ['version', next, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts'];
  execFileSync('npm', versioning, { stdio: 'ignore' });
  git('add', CHANGELOG, JOB, 'package.json', 'package-lock.json');
  git('commit', '--quiet', '--message', `chore: release ${next}`);
  git('tag', '--annotate', `v${next}`, '--cleanup=verbatim', '--message', `v${next}\n\n${notes}`);
}

/** The greatest version among the tags that HEAD contains. */
function lastTag(): string | undefined {
  const tags = git('tag', '--merged', 'HEAD', '--list', 'v*').split('\n');
  return rsort(tags.filter((name) => valid(name) !== null))[0];
}

/** From new to old. */
function commitsSince(start: string | undefined): Commit[] {
  const range = start === undefined ? 'HEAD' : `${start}..HEAD`;
  const fields = git('log', '-z', '--no-merges', '--format=%s%n%b', range).split('\0');
  return fields
    .filter((text) => text !== '')
    .map((text) => {
      const [subject = '', ...body] = text.split('\n');
      return { subject, body: body.join('\n') };
    });
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', maxBuffer: 2 ** 28 }).trimEnd();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function end(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
