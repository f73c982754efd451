import type { DatedRevision, ListReport } from './run.ts';
import { count, findingLine, printLines } from '../../report.ts';
import type { Colors } from '../../terminal-text.ts';
import { tableLines } from '../table.ts';
import type { TableColumn } from '../table.ts';

/** How much a listing says. */
interface Style {
  readonly isLong: boolean;
}

/** The report of a listing for a person. */
export function printList(report: ListReport, style: Style): void {
  printLines((color, width) => listLines(report, { ...style, color, width }));
}

type Paper = Style & { readonly color: Colors; readonly width: number };

function listLines(report: ListReport, paper: Paper): string[] {
  const { distribution, storage, outdated, layers, revisions, findings } = report;
  const { color } = paper;
  const lines = [`${color.bold(distribution)}${storage === undefined ? '' : ` from ${storage}`}`, ''];
  for (const { name, ref, commit, revisions: held, packages } of layers) {
    const at = commit === undefined ? ref : `${ref} at ${commit.slice(0, 12)}`;
    lines.push(`  ${name.padEnd(12)} ${count(held, 'revision')} of ${count(packages, 'package')}  ${color.dim(at)}`);
  }
  if (layers.length > 0) lines.push('');
  if (!outdated) lines.push(...revisionLines(revisions, paper), '');
  if (report.subset) lines.push(...subsetLines(distribution, report.subset));
  else if (storage !== undefined) lines.push(...waitingLines(report));
  else lines.push(count(revisions.length, 'revision'));
  return findings.length === 0 ? lines : [...lines, '', ...findings.map((finding) => findingLine(finding, color))];
}

function subsetLines(distribution: string, { from, stays, leftOut }: NonNullable<ListReport['subset']>): string[] {
  const total = (of: typeof stays): string => `${count(of.revisions, 'revision')}, ${sizeText(of.size)}`;
  return [`Left out of ${from} by ${distribution}: ${total(leftOut)}`, `What stays: ${total(stays)}`];
}

function revisionLines(revisions: readonly DatedRevision[], { isLong, color, width }: Paper): string[] {
  if (revisions.length === 0) return ['No packages.'];
  const column = (
    title: string,
    valueOf: (one: DatedRevision) => string,
    more: Partial<TableColumn> = {},
  ): TableColumn => ({
    title,
    values: revisions.map(valueOf),
    ...more,
  });
  const hasLayers = revisions.some(({ layer }) => layer !== undefined);
  const all = [
    column('PACKAGE', ({ name }) => name, { least: isLong ? 24 : 10 }),
    column('VERSION', ({ version }) => version),
    column('SIZE', ({ size }) => sizeText(size), { align: 'right' }),
    ...(hasLayers
      ? [column('LAYER', ({ layer, alsoIn }) => layerText(layer, isLong ? alsoIn : []), { least: 10 })]
      : []),
    column('KIBANA', ({ kibana }) => kibana ?? 'any', { least: 10 }),
    ...(isLong ? longColumns(column, hasLayers) : []),
  ];
  const [head = '', ...rows] = tableLines(all, width);
  return [color.dim(head), ...rows];
}

function longColumns(
  column: (title: string, valueOf: (one: DatedRevision) => string, more?: Partial<TableColumn>) => TableColumn,
  hasLayers: boolean,
): TableColumn[] {
  return [
    column('FILES', ({ files }) => String(files), { align: 'right' }),
    ...(hasLayers
      ? [
          column('FORM', ({ form, signed }) => (signed ? `${form}, signed` : form)),
          column('SINCE', ({ since }) => since?.slice(0, 10) ?? ''),
        ]
      : []),
    column('TITLE', ({ title }) => title ?? '', { least: 10 }),
  ];
}

function layerText(layer: string | undefined, alsoIn: readonly string[]): string {
  return alsoIn.length === 0 ? (layer ?? '') : `${layer ?? ''} (and ${alsoIn.join(', ')})`;
}

/** `640 B`, `12 kB`, `3.4 MB`. */
function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function waitingLines({ outdated, waiting }: ListReport): string[] {
  const what = outdated ? 'newer than what the layers above hold' : 'that no layer above holds';
  if (waiting.length === 0) return [`Nothing waits ${what}.`];
  const lines = [`Waiting: ${count(waiting.length, 'revision')} ${what}`];
  for (const one of waiting) {
    const since = one.since === undefined ? '' : ` since ${one.since.slice(0, 10)}`;
    const above = one.newestAbove === undefined ? 'the package is new there' : `${one.newestAbove} is newest there`;
    lines.push(`  ${one.id} in ${one.layer}${since}, for ${one.for} (${above})`);
  }
  return lines;
}
