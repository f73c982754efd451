import { basename } from 'node:path';
import type { ArchiveFormat } from '../../bundle/archive.ts';
import { shellQuote } from '../../command-line.ts';

/*
 * The commands that open what was packed, on the other side.
 */

export function sumCheck(sum: string): string {
  return `sha256sum -c ${shellQuote(basename(sum))}`;
}

export function applying(files: readonly string[], site: string): string[] {
  const names = files.map((file) => shellQuote(basename(file)));
  return [`tar xf ${names[0]} apply.mjs`, `node apply.mjs ${names.join(' ')} --to ${shellQuote(site)}`];
}

export function opening(
  file: string,
  { folder, format, names }: { folder: string; format: ArchiveFormat; names: ReadonlySet<string> },
): string[] {
  const name = basename(file);
  const site = basename(folder);
  const look = `${site}.nginx/standalone.conf`;
  return [
    `${format === 'zip' ? 'unzip -q' : 'tar xzf'} ${shellQuote(name)}`,
    `sha256sum --quiet -c ${shellQuote(`${site}.SHA256SUMS`)}`,
    ...(names.has(look) ? [`nginx -p "$PWD" -c ${shellQuote(look)}`] : []),
  ];
}

/** Commands for any POSIX shell; `xargs -0` is in POSIX.1-2024, and in GNU, BSD and busybox. */
export function overlaying(file: string, site: string, isInTheWay: boolean): string[] {
  const name = shellQuote(basename(file));
  const [way, removed, sums] = ['in-the-way', 'removed', 'SHA256SUMS'].map((list) => shellQuote(`${site}.${list}`));
  return [
    ...(isInTheWay ? [`tar xf ${name} ${way}`, `xargs -0 rm -rf -- < ${way}`] : []),
    `tar xf ${name}`,
    `xargs -0 rm -f -- < ${removed}`,
    `sha256sum -c ${sums} > /dev/null`,
  ];
}
