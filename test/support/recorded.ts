import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The rows of a gzipped NDJSON file under `test/recorded/`, such as `rules/constraints`. */
export function recordedRows<T>(name: string): T[] {
  const file = new URL(`../recorded/${name}.ndjson.gz`, import.meta.url);
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}
