import { visible } from '../terminal-text.ts';

/** A column of a table. */
export interface TableColumn {
  readonly title: string;
  readonly values: readonly string[];
  readonly align?: 'right';
  /** Whether its values may be cut where the table is wider than the terminal. The last of these columns is cut first. */
  readonly mayShrink?: boolean;
}

/** The lines of a table with aligned columns, of which the first is the titles. Lines are at most `width` characters long. */
export function tableLines(columns: readonly TableColumn[], width: number): string[] {
  const shown = columns.map((column) => ({ ...column, values: column.values.map(visible) }));
  const widths = fitted(shown, width);
  const cells = shown.map(({ title, values, align }, i) =>
    [title, ...values].map((value) => {
      const short = cut(value, widths[i] ?? 0);
      return align === 'right' ? short.padStart(widths[i] ?? 0) : short.padEnd(widths[i] ?? 0);
    }),
  );
  const rows =
    cells[0]?.map((_, row) =>
      cells
        .map((column) => column[row] ?? '')
        .join(GAP)
        .trimEnd(),
    ) ?? [];
  return rows.map((row) => cut(row, width));
}

const GAP = '  ';
/** The least that a column is cut to. */
const LEAST = 10;

function fitted(columns: readonly TableColumn[], width: number): number[] {
  const widths = columns.map(({ title, values }) =>
    values.reduce((most, { length }) => Math.max(most, length), title.length),
  );
  let excess = widths.reduce((sum, own) => sum + own, 0) + GAP.length * (columns.length - 1) - width;
  for (const [i, { mayShrink }] of [...columns.entries()].toReversed()) {
    const own = widths[i] ?? 0;
    const less = mayShrink === true ? Math.max(0, Math.min(excess, own - LEAST)) : 0;
    widths[i] = own - less;
    excess -= less;
  }
  return widths;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
