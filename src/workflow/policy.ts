import type { LayerPolicy } from '../config.ts';
import type { Finding } from '../errors.ts';
import { compareRevisionVersions, parseStrictVersion } from '../core/version.ts';
import { enumerated } from '../near-match.ts';

/*
 * What a change of a layer may do. These are pure rules about the revisions that it adds, overwrites and removes, and
 * about the other layers.
 */

/** What may happen to published versions in a layer. */
export type Policy = Pick<LayerPolicy, 'overwrite' | 'remove'>;

/** A finding with its file in the storage and its line, if it has these. Notes fail nothing. */
export interface CheckFinding extends Omit<Finding, 'level'> {
  readonly level: Finding['level'] | 'note';
  readonly file?: string | undefined;
  /** Counted from 1. */
  readonly line?: number | undefined;
}

/** The same revision in another layer. */
export interface Twin {
  readonly layer: string;
  /** Whether that layer wins over the one that is checked. */
  readonly isAbove: boolean;
  readonly sameContent: boolean;
}

/** A revision that a change touches, with what other layers hold of its package. */
export interface Touched {
  readonly id: string;
  readonly version: string;
  /** Its place in the layer: `packages/acme/1.0.0`. */
  readonly where: string;
  readonly twins: readonly Twin[];
  /** The versions of its name in higher layers. */
  readonly above: readonly { readonly version: string; readonly layer: string }[];
}

export interface LayerChange {
  readonly layer: string;
  readonly policy: Policy;
  readonly added: readonly Touched[];
  /** With `sameContent`, only modes differ from the revision before. */
  readonly overwritten: readonly (Touched & { readonly sameContent: boolean })[];
  readonly removed: readonly Touched[];
  /** The reason for a removal, which the change gives. */
  readonly reason: string | undefined;
  /** The layer to which a removed revision was promoted, which the change gives. */
  readonly promotedTo?: string | undefined;
}

/** All findings about a change: where it breaks rules, and notes where it only seems to. */
export function policyFindings(change: LayerChange): CheckFinding[] {
  return [
    ...change.added.flatMap((one) => [...collisions(change.layer, one), ...notNewer(change.layer, one)]),
    ...change.overwritten.flatMap((one) => [
      ...overwriting(change, one),
      ...collisions(change.layer, one).map((found) => tolerated(found, change.policy)),
    ]),
    ...change.removed.flatMap((one) => removing(change, one)),
    ...moreThanOne(change),
  ];
}

/** The findings for a person who proposes a change: without notes. What only keeps it from being merged is a warning. */
export function proposerFindings(findings: readonly CheckFinding[]): Finding[] {
  return findings.flatMap(({ code, where, text, level }) =>
    level === 'note' ? [] : [{ code, where, text, level: OF_THE_GATE.has(code) ? 'warning' : level }],
  );
}

/** What `check` refuses and a build serves. */
const OF_THE_GATE = new Set<CheckFinding['code']>(['not-newer', 'case', 'large-file', 'large-package']);

/** The title of a pull request begins with the layer that it is for, in brackets. */
export function titleFindings(layer: string, title: string | undefined): CheckFinding[] {
  if (title === undefined || title.startsWith(`[${layer}]`)) return [];
  return [{ code: 'title', where: 'title', text: `"${title}" does not begin with [${layer}]`, level: 'error' }];
}

function collisions(layer: string, touched: Touched): CheckFinding[] {
  return touched.twins
    .filter(({ sameContent }) => !sameContent)
    .map((twin) => {
      const text = `${twin.layer} holds different content under this id`;
      return finding(layer, touched, { code: 'collision', text, level: 'error' });
    });
}

/** Where published versions may be overwritten, that another layer has the content of before is no error. */
function tolerated(found: CheckFinding, { overwrite }: Policy): CheckFinding {
  return overwrite === 'never' ? found : { ...found, level: 'warning' };
}

/** A new revision must be newer than those in higher layers. Otherwise clients of these would never get it. */
function notNewer(layer: string, touched: Touched): CheckFinding[] {
  const version = parseStrictVersion(touched.version);
  const others = touched.above.flatMap((one) => {
    const parsed = parseStrictVersion(one.version);
    return version && parsed ? [{ ...one, order: compareRevisionVersions(version, parsed), parsed }] : [];
  });
  const [newest] = others.filter(({ order }) => order <= 0).sort((a, b) => compareRevisionVersions(b.parsed, a.parsed));
  if (!newest) return [];
  const same = others.find(({ order }) => order === 0);
  const text = same ? `is already in ${same.layer}` : `is lower than ${newest.version}, which is in ${newest.layer}`;
  return [finding(layer, touched, { code: 'not-newer', text, level: 'error' })];
}

function overwriting(
  { layer, policy }: LayerChange,
  touched: Touched & { readonly sameContent: boolean },
): CheckFinding[] {
  if (touched.sameContent)
    return [finding(layer, touched, { code: 'modes', text: 'only file modes change', level: 'note' })];
  if (policy.overwrite === 'allow') return [];
  const isError = policy.overwrite === 'never';
  const text = isError
    ? `is published, and ${layer} is never overwritten: make a new version`
    : `is published, and is overwritten`;
  return [finding(layer, touched, { code: 'overwrite', text, level: isError ? 'error' : 'warning' })];
}

function removing({ layer, policy, reason, promotedTo }: LayerChange, touched: Touched): CheckFinding[] {
  const upper = touched.twins.find(({ isAbove, sameContent }) => isAbove && sameContent);
  if (upper) {
    const text = `was promoted: ${upper.layer} holds the same content`;
    return [finding(layer, touched, { code: 'promoted', text, level: 'note' })];
  }
  if (promotedTo !== undefined) {
    const text = `is not in ${promotedTo} with the same content yet: merge its promotion first`;
    return [finding(layer, touched, { code: 'not-promoted', text, level: 'error' })];
  }
  if (policy.remove === 'allow') return [];
  if (policy.remove === 'exception' && reason !== undefined)
    return [finding(layer, touched, { code: 'remove', text: `is removed: ${reason}`, level: 'warning' })];
  const why =
    policy.remove === 'never'
      ? `nothing leaves ${layer}`
      : `${layer} wants a reason: "Reason: …" on a line of the commit message`;
  const text = `is removed and no higher layer holds the same content; ${why}`;
  return [finding(layer, touched, { code: 'remove', text, level: 'error' })];
}

function moreThanOne({ layer, added, overwritten, removed }: LayerChange): CheckFinding[] {
  const names = new Set([...added, ...overwritten, ...removed].map(({ id }) => id.slice(0, id.indexOf('@'))));
  if (names.size < 2) return [];
  const text = `touches ${names.size} packages: ${enumerated([...names])}; one a pull request is easier to review`;
  return [{ code: 'packages', where: layer, text, level: 'note' }];
}

function finding(layer: string, { where }: Touched, rest: Pick<CheckFinding, 'code' | 'text' | 'level'>): CheckFinding {
  return { ...rest, where: `${layer}: ${where}`, file: where };
}
