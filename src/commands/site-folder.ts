import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandLine } from '../command-line.ts';
import { Stop } from '../errors.ts';
import { treesOf } from '../tree/current.ts';

/** The built site that a verb reads: the one in `dir`, or `<out>/<dist>`. */
export interface SiteOptions {
  readonly dist?: string | undefined;
  readonly dir?: string | undefined;
  readonly out: string;
}

/** The folder of the site that the options name, as an absolute path. Throws a `Stop` if they name none. */
export function siteFolder({ dist, dir, out }: SiteOptions): string {
  if (dir !== undefined) return resolve(dir);
  if (dist !== undefined) return resolve(join(out, dist));
  throw new Stop('no-site', 'no site was named', 'use --dist NAME, or --dir FOLDER');
}

/** Whether the folder has a file that every site has. */
export function hasSite(folder: string, file: string): boolean {
  return [...treesOf(folder, file)].some((tree) => existsSync(join(tree, file)));
}

/** Throws a `Stop` if the folder lacks a file that every site has. */
export function requireSite(folder: string, { dist }: SiteOptions, file: string): void {
  if (hasSite(folder, file)) return;
  throw new Stop(
    'no-site',
    `${folder} holds no site`,
    `build one: ${commandLine(['build', '--dist', dist ?? 'NAME'])}`,
  );
}
