import { accepts } from '../core/constraint.ts';
import type { Constraint } from '../core/constraint.ts';
import { versionOf } from '../core/version.ts';
import { compileConstraint } from '../package/constraint-compile.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import type { RevisionFacts } from './package-facts.ts';

/*
 * Which version of a package the Kibanas of each minor release get: a picture and words.
 */

/** The last minor release of each major one that Fleet is in. A package that names a later one adds it. */
const LAST_MINORS: Readonly<Record<number, number>> = { 7: 17, 8: 19, 9: 4 };
const FIRST_MINOR: Readonly<Record<number, number>> = { 7: 10 };
/** The newest patch of a minor release. */
const PATCH = 99;

/** The Kibanas from one minor release to another, and the version that they get. */
export interface Stretch {
  readonly version: string;
  readonly from: string;
  readonly to: string;
  /** Positions among the minor releases. */
  readonly start: number;
  readonly end: number;
}

export interface Reach {
  readonly minors: readonly string[];
  readonly stretches: readonly Stretch[];
}

/** What the Kibanas of each minor release get, if they take no pre-releases; of a package that has no other versions, these. */
export function reachOf(revisions: readonly RevisionFacts[]): Reach {
  const minors = minorsOf(revisions);
  const stable = revisions.filter(({ version, isExperimental }) => !version.includes('-') && !isExperimental);
  const candidates = (stable.length > 0 ? stable : revisions).toReversed().map(({ version, kibana }) => ({
    version,
    constraint: kibana === undefined ? undefined : compiled(kibana),
  }));
  const stretches: Stretch[] = [];
  for (const [i, minor] of minors.entries()) {
    const kibana = versionOf(`${minor}.${PATCH}`);
    const got = candidates.find(({ constraint }) => !constraint || accepts(constraint, kibana));
    const last = stretches.at(-1);
    if (!got) continue;
    if (last?.version === got.version && last.end === i - 1)
      stretches[stretches.length - 1] = { ...last, to: minor, end: i };
    else stretches.push({ version: got.version, from: minor, to: minor, start: i, end: i });
  }
  return { minors, stretches };
}

const known = new Map<string, Constraint | undefined>();

function compiled(condition: string): Constraint | undefined {
  if (!known.has(condition)) known.set(condition, compileConstraint(condition));
  return known.get(condition);
}

function minorsOf(revisions: readonly RevisionFacts[]): string[] {
  const last: Record<number, number> = { ...LAST_MINORS };
  for (const { kibana = '' } of revisions)
    for (const [, major, minor] of kibana.matchAll(/\b(\d{1,2})\.(\d{1,2})\b(?=\.\d)/g)) {
      const [a, b] = [Number(major), Number(minor)];
      if (a >= 7 && a <= NEWEST_MAJOR) last[a] = Math.max(last[a] ?? 0, b);
    }
  return Object.entries(last).flatMap(([major, end]) => {
    const first = FIRST_MINOR[Number(major)] ?? 0;
    return Array.from({ length: end - first + 1 }, (_, i) => `${major}.${first + i}`);
  });
}

const NEWEST_MAJOR = 12;

/** The Kibanas that get a version, in words: 8.0–8.5, 9.0. */
export function reachText({ stretches }: Reach, version: string): string {
  const own = stretches.filter((one) => one.version === version);
  return own.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(', ');
}

const [CELL, ROW, LEFT] = [14, 22, 96];

/** The picture: a row for each version that some Kibana gets, a column for each minor release. */
export function reachPicture({ minors, stretches }: Reach): Html | undefined {
  const versions = [...new Set(stretches.map(({ version }) => version))].toReversed().slice(0, MOST_ROWS);
  if (versions.length === 0) return undefined;
  const [width, height] = [LEFT + minors.length * CELL + 8, versions.length * ROW + ROW + 4];
  const majors = minors.flatMap((minor, i) =>
    minor.split('.')[0] === minors[i - 1]?.split('.')[0]
      ? []
      : html`<line class="rule" x1="${LEFT + i * CELL}" x2="${LEFT + i * CELL}" y1="0" y2="${height}" /><text
            x="${LEFT + i * CELL + 3}"
            y="${height - 6}"
            >${minor}</text
          >`,
  );
  const rows = versions.map((version, row) => {
    const bars = stretches.flatMap((one) =>
      one.version === version
        ? html`<rect
            class="bar"
            x="${LEFT + one.start * CELL + 1}"
            y="${row * ROW + 4}"
            width="${(one.end - one.start + 1) * CELL - 2}"
            height="${ROW - 8}"
            rx="3"
          />`
        : [],
    );
    return html`<text x="${LEFT - 8}" y="${row * ROW + 15}" text-anchor="end">${short(version)}</text>${bars}`;
  });
  const label = stretches.map(({ version, from, to }) => `Kibana ${from} to ${to} gets ${version}`).join('; ');
  return html`<div class="wide" tabindex="0" role="group" aria-label="Versions over Kibana releases">
    <svg
      class="reach"
      role="img"
      viewBox="0 0 ${width} ${height}"
      width="${width}"
      height="${height}"
      aria-label="${label}"
    >
      ${majors}${rows}
    </svg>
  </div>`;
}

const MOST_ROWS = 24;

function short(version: string): string {
  return version.length > 14 ? `${version.slice(0, 13)}…` : version;
}
