import { visible } from '../terminal-text.ts';

/** A column of a table. */
export interface TableColumn {
  readonly title: string;
  readonly values: readonly string[];
  readonly align?: 'right';
  /** The characters that always stay of its values; others may be cut where the table is wider than the terminal, in the last such column first. */
  readonly least?: number;
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

function fitted(columns: readonly TableColumn[], width: number): number[] {
  const widths = columns.map(({ title, values }) =>
    values.reduce((most, { length }) => Math.max(most, length), title.length),
  );
  let excess = widths.reduce((sum, own) => sum + own, 0) + GAP.length * (columns.length - 1) - width;
  for (const [i, { least }] of [...columns.entries()].toReversed()) {
    const own = widths[i] ?? 0;
    const less = Math.max(0, Math.min(excess, own - (least ?? own)));
    widths[i] = own - less;
    excess -= less;
  }
  return widths;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
