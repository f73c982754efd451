import { asByteString } from '../../../tree/byte-string.ts';
import type { ByteString } from '../../../tree/byte-string.ts';
import type { Columns } from '../../../core/columns.ts';
import type { Request } from '../../../core/respond.ts';
import { INDEX } from '../../../tree/layout.ts';
import { toByteString } from './bytes.ts';
import { tagsOf } from './forms.ts';
import { changeTime, openChange } from './files.ts';
import { openIndex } from './index.ts';
import type { Index } from './index.ts';
import type { NginxRequest } from './njs.ts';

/** What nginx preloads: the columns of the site that it was started with. */
declare const epr_columns: Columns;

/** One request, and the site and index that were found for it. */
export interface Asked {
  readonly r: NginxRequest;
  readonly request: Request;
  /** The path under which the registry lies, if the client sent it in this form. */
  readonly prefix: ByteString;
  readonly site: ByteString;
  readonly index: Index | undefined;
}

/** Reads a request. HEAD is asked as GET: nginx leaves the body out. */
export function asked(r: NginxRequest, method: string, target: ByteString): Asked {
  const prefix = variable(r, 'epr_prefix');
  const isInside = target.slice(0, prefix.length + 1) === `${prefix}/`;
  const inside = isInside ? target.slice(prefix.length) : target;
  const mark = inside.indexOf('?');
  const path = mark < 0 ? inside : inside.slice(0, mark);
  const site = variable(r, 'epr_site');
  openChange(site);
  const ifUnmodifiedSince = r.headersIn['If-Unmodified-Since'];
  return {
    r,
    request: {
      method: method === 'HEAD' ? 'GET' : method,
      path: path === '' ? asByteString('/') : path, // of a request in absolute form
      query: mark < 0 ? undefined : inside.slice(mark + 1),
      range: r.headersIn['Range'],
      ifRange: r.headersIn['If-Range'],
      ifNoneMatch: r.headersIn['If-None-Match'],
      ifMatch: r.headersIn['If-Match'],
      ifUnmodifiedSince,
      changed: ifUnmodifiedSince === undefined ? undefined : changeTime(`${site}/${INDEX}`),
      tags: tagsOf(r, site),
    },
    prefix: isInside ? prefix : asByteString(''),
    site,
    index: openIndex(site, {
      columns: epr_columns,
      columnsName: variable(r, 'epr_columns_file'),
      rowsName: variable(r, 'epr_rows_file'),
    }),
  };
}

/**
 * A variable; '' if it isn't set. In njs, a text from `variables` gets a wrong length (that of its
 * UTF-8 bytes) once it is joined with characters above 127.
 */
export function variable(r: NginxRequest, name: string): ByteString {
  const bytes = r.rawVariables[name];
  return bytes ? toByteString(bytes) : asByteString('');
}
