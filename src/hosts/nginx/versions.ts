import type { Answers, Cut } from '../../core/columns.ts';
import { compareVersions, versionOf } from '../../core/version.ts';
import { geo, map, row } from './blocks.ts';

/*
 * From versions to numbers, in nginx's configuration. A `geo` block finds the range of addresses that an address lies in, so a version
 * is written as an address: 8.19.4 as 8.19.4.0, spec 3.4 as 3.4.0.0.
 */

/** The largest number in an address. */
export const MOST = 255;

/** Makes an address invalid, which is in no range. nginx takes an empty part for 0. */
export const NO_NUMBER = '256';

/** The address of no release, and the number of the class of clients that name no Kibana. */
const NO_RELEASE = '0.0.0.0';
export const NO_KIBANA = 0;

/** The address of a bound that was not given. */
const NO_BOUND = `${MOST}.0.0.0`;

/** Each major version makes nginx's tables longer. */
const MOST_MAJORS = 30;

interface Reach {
  /** The first major version that no version of those given has. */
  readonly beyond: number;
  /** An address for all versions from there on, since nothing tells them apart. */
  readonly farther: string;
}

/** How far a table must reach to tell versions apart by those given. The rules don't know what lies farther than a table may reach. */
function reachOf(versions: readonly string[]): Reach {
  const beyond = Math.max(0, ...versions.map((version) => Number(versionOf(version).major))) + 1;
  return beyond < MOST_MAJORS
    ? { beyond, farther: `${beyond}.0.0.0` }
    : { beyond: MOST_MAJORS - 1, farther: `${NO_NUMBER}.0.0.0` };
}

/** Where a version that was asked for comes from, and the variables that lead to its number. */
interface VersionVariables {
  readonly source: string;
  readonly address: string;
  readonly number: string;
}

/** The blocks from a release of Kibana (`8.19.4`) to the number of its class. */
export function releaseBlocks({ source, address: at, number }: VersionVariables, answers: Answers): string {
  const reach = reachOf(answers.releaseCuts.map(([version]) => version));
  return `${addressMap([source, at], { written: `${source}.0`, none: NO_RELEASE }, reach)}
${geo(at, number, NO_NUMBER, releaseRows(answers, endOf(reach)))}`;
}

/** The blocks from a bound (`3.4`) to the number of specs that `counts` says count: by their order to the bound; of no bound, `none`. */
export function boundBlocks(
  { source, address: at, number }: VersionVariables,
  { specs }: Answers,
  { counts, none }: { counts(order: number): boolean; none: number },
): string {
  const reach = reachOf(specs);
  const rows = [...specRows(specs, counts, endOf(reach)), row(`${NO_BOUND}-${NO_BOUND}`, none)];
  return `${addressMap([source, at], { written: `${source}.0.0`, none: NO_BOUND }, reach)}
${geo(at, number, NO_NUMBER, rows)}`;
}

function addressMap(
  [source, target]: readonly [string, string],
  { written, none }: { readonly written: string; readonly none: string },
  { beyond, farther }: Reach,
): string {
  const majors = Array.from({ length: beyond + 1 }, (_, major) => major).join('|');
  return map(source, target, [row('', none), String.raw`"~^(?:${majors})\." ${written};`, row('default', farther)]);
}

function releaseRows({ releaseCuts }: Answers, end: number): string[] {
  const starts = [256 ** 3, ...releaseCuts.map(addressOfCut), end];
  const rows = starts.slice(0, -1).flatMap((start, behind) => {
    const next = Math.min(starts[behind + 1] as number, end);
    const number = classNumber(releaseCuts, behind);
    return number > NO_KIBANA && start < next ? [row(`${address(start)}-${address(next - 1)}`, number)] : [];
  });
  return [row(`${NO_RELEASE}-${NO_RELEASE}`, NO_KIBANA), ...rows];
}

/** The first address behind a table. */
function endOf({ beyond }: Reach): number {
  return (beyond + 1) * 256 ** 3;
}

function specRows(specs: readonly string[], counts: (order: number) => boolean, end: number): string[] {
  const rows: { from: number; to: number; number: number }[] = [];
  for (let from = 0; from < end; from += 256 ** 2) {
    const bound = versionOf(`${Math.floor(from / 256 ** 3)}.${Math.floor(from / 256 ** 2) % 256}.0`);
    const number = specs.filter((spec) => counts(compareVersions(versionOf(spec), bound))).length;
    const last = rows.at(-1);
    if (last?.number === number) last.to = from + 256 ** 2 - 1;
    else rows.push({ from, to: from + 256 ** 2 - 1, number });
  }
  return rows.map(({ from, to, number }) => row(`${address(from)}-${address(to)}`, number));
}

/** The address of the first release behind a cut. */
function addressOfCut([version, behind]: Cut): number {
  const { major, minor, patch, pre } = versionOf(version);
  const [a, b, c] = [major, minor, patch].map(Number) as [number, number, number];
  if (a > MOST) return 256 ** 4;
  if (b > MOST) return (a + 1) * 256 ** 3;
  if (c > MOST) return a * 256 ** 3 + (b + 1) * 256 ** 2;
  return a * 256 ** 3 + b * 256 ** 2 + (c + (pre === '' ? behind : 0)) * 256;
}

/** The number of the class behind so many cuts; of more classes than there are numbers, the first ones have none. */
export function classNumber(releaseCuts: readonly Cut[], behind: number): number {
  return 1 + behind - Math.max(0, releaseCuts.length + 1 - MOST);
}

function address(number: number): string {
  return [3, 2, 1, 0].map((power) => Math.floor(number / 256 ** power) % 256).join('.');
}
