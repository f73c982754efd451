import type { Columns } from '../../core/columns.ts';

/** What the files are of. Paths are absolute, for good. */
export interface Places {
  readonly name: string;
  readonly cache: Columns['cache'];
  /** The names of the index in the site. */
  readonly index: { readonly columns: string; readonly rows: string };
  /** The site's tree. */
  readonly site: string;
  /** The folder of nginx's own files. */
  readonly host: string;
}
