import type { Finding } from '../../errors.ts';

/*
 * What `verify` finds. `where` is a path relative to the site's folder, or to the folder that it lies in for a file beside the site.
 */

/** A file is not what a list of the site says. */
export function changed(where: string, text: string): Finding {
  return { code: 'file-changed', where, text, level: 'error' };
}

/** A file is listed and isn't there. */
export function missing(where: string, text: string): Finding {
  return { code: 'file-missing', where, text, level: 'error' };
}

/** A file is there and isn't listed. */
export function extra(where: string, text: string): Finding {
  return { code: 'file-extra', where, text, level: 'error' };
}

/** A file is as listed, and says something else than another one. */
export function disagreement(where: string, text: string): Finding {
  return { code: 'site-disagrees', where, text, level: 'error' };
}
