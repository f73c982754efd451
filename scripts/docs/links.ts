import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { MarkdownSource } from '#lib/pages/readme';
import { isPage, placeOf } from './navigation.ts';

/** Where the links of a page lead. */
export interface Links {
  readonly files: MarkdownSource['files'];
  /** The files of the repository that the links name and that are no pages, by their places in the site. */
  readonly copies: ReadonlyMap<string, string>;
}

/**
 * The links of a page, from paths of the repository to those of the site. They throw an error for a path that is not there; whether a
 * heading is there, a test of the whole site says.
 */
export function linksOf(page: string): Links {
  const copies = new Map<string, string>();
  const addressOf = (written: string, toCopy: (path: string) => string): string => {
    const [path = '', anchor] = written.split('#');
    const target = posix.join(posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
    if (!isPage(target) && !existsSync(target)) throw new Error(`${page}: the link ${written} leads nowhere`);
    const place = isPage(target) ? placeOf(target) : toCopy(target);
    const address = posix.relative(posix.dirname(placeOf(page)), place);
    return anchor === undefined ? address : `${address}#${anchor}`;
  };
  const copy = (target: string, place: string): string => {
    if (!statSync(target).isFile()) throw new Error(`${page}: ${target} is a folder; name a file of it`);
    copies.set(place, target);
    return place;
  };
  return {
    files: {
      image: (written) => addressOf(written, (target) => copy(target, posix.basename(target))),
      passive: (written) => addressOf(written, (target) => copy(target, `files/${target}.txt`)),
    },
    copies,
  };
}
