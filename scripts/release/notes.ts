import { inc } from 'semver';

/*
 * What a release is, by the conventional commits since the one before (https://www.conventionalcommits.org).
 */

export interface Commit {
  readonly subject: string;
  readonly body: string;
}

/** A commit as its subject says it. */
interface Change {
  readonly type: string;
  readonly text: string;
  /** What no longer works as before; undefined if everything does. */
  readonly breaking: string | undefined;
}

/**
 * The version after `last`, by the greatest change: breaking, a feature, or a correction. Before 1.0.0, a breaking change is a minor
 * version. Undefined if users notice none of the commits.
 */
export function nextVersion(last: string, commits: readonly Commit[]): string | undefined {
  const changes = changesOf(commits);
  if (changes.some(({ breaking }) => breaking !== undefined))
    return inc(last, last.startsWith('0.') ? 'minor' : 'major') ?? undefined;
  if (changes.some(({ type }) => type === 'feat')) return inc(last, 'minor') ?? undefined;
  return changes.some(({ type }) => type in HEADINGS) ? (inc(last, 'patch') ?? undefined) : undefined;
}

/** The types that users notice, in the order of the notes. */
const HEADINGS: Readonly<Record<string, string>> = { feat: 'Features', fix: 'Fixes', perf: 'Performance' };

/** The notes of a release as Markdown, without its heading. Commits go from new to old, and the notes from old to new. */
export function releaseNotes(commits: readonly Commit[]): string {
  const changes = changesOf(commits).toReversed();
  const breaking = changes.flatMap((change) => change.breaking ?? []);
  const groups = Object.entries(HEADINGS).map(([type, heading]) => {
    const texts = changes.filter((change) => change.type === type).map(({ text }) => text);
    return section(heading, texts);
  });
  return [section('Breaking changes', breaking), ...groups].filter((text) => text !== '').join('\n');
}

function section(heading: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `### ${heading}\n${texts.map((text) => `- ${text}\n`).join('')}`;
}

function changesOf(commits: readonly Commit[]): Change[] {
  return commits.flatMap(({ subject, body }) => {
    const [, type, scope = '', mark, text] = /^([a-z]+)(\([^)]+\))?(!)?: (.+)$/.exec(subject) ?? [];
    if (type === undefined || text === undefined) return [];
    const footer = /^BREAKING[ -]CHANGE: ([^]+?)(?:\n\n|\n[\w-]+: |$(?![^]))/m
      .exec(body)?.[1]
      ?.replaceAll(/\s+/g, ' ')
      .trim();
    const named = scope === '' ? text : `${scope.slice(1, -1)}: ${text}`;
    return [{ type, text: named, breaking: footer ?? (mark ? named : undefined) }];
  });
}

/**
 * The changelog with a section for the release: what was written by hand under "Unreleased" goes first, and then the notes. Throws an
 * error if there is no such section.
 */
export function changelogWith(changelog: string, heading: string, notes: string): string {
  const [before, rest] = changelog.split(/^## Unreleased\n/m);
  if (before === undefined || rest === undefined) throw new Error('CHANGELOG.md has no section "## Unreleased"');
  const next = rest.search(/^## /m);
  const written = (next < 0 ? rest : rest.slice(0, next)).trim();
  const older = next < 0 ? '' : `\n${rest.slice(next)}`;
  const own = [written, notes.trim()].filter((text) => text !== '').join('\n\n');
  return `${before}## Unreleased\n\n## ${heading}\n${own}\n${older}`;
}
