/*
 * The blocks of nginx's configuration that lead from one variable to another:
 * https://nginx.org/en/docs/http/ngx_http_map_module.html and ngx_http_geo_module.html.
 */

/** The variable of a registry by one of its names: two registries may live in one nginx. */
export function variableOf(distribution: string, name: string): string {
  const id = distribution.replace(/[^A-Za-z0-9]/g, (char) => `_${char.charCodeAt(0).toString(16)}`);
  return `$epr_${id}_${name}`;
}

/** A row of a block. */
export function row(key: string, value: string | number): string {
  return `${/^[\w.-]+$/.test(key) ? key : `"${key}"`} ${value === '' ? '""' : value};`;
}

/**
 * A map of any size: nginx's own sizes of hashes hold some hundred rows, so that a longer one goes on in another. The first row
 * may be that of the default.
 */
export function map(source: string, target: string, rows: readonly string[], part = 1): string {
  if (rows.length <= MOST_ROWS) return block(`map ${source} ${target}`, rows);
  const next = `${target.replace(/_part\d+$/, '')}_part${part + 1}`;
  const [first = '', ...others] = rows;
  const own = [row('default', next), ...others.slice(0, MOST_ROWS - 1)];
  const rest = map(source, next, [first, ...others.slice(MOST_ROWS - 1)], part + 1);
  return `${block(`map ${source} ${target}`, own)}\n${rest}`;
}

const MOST_ROWS = 200;

/** A table of ranges of addresses. */
export function geo(source: string, target: string, otherwise: string, rows: readonly string[]): string {
  return block(`geo ${source} ${target}`, ['ranges;', row('default', otherwise), ...rows]);
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => `    ${line}\n`).join('')}}`;
}

/** A variable with one value. */
export function constant(variable: string, value: string | number): string {
  return map("''", variable, [row('default', value)]);
}
