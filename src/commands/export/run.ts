import { Stop } from '../../errors.ts';
import type { Finding } from '../../errors.ts';
import { exportIndex } from '../../publish/epr-index.ts';
import type { ExportedIndex } from '../../publish/epr-index.ts';
import { openStore } from '../../publish/open-store.ts';
import type { StoreOptions } from '../../publish/open-store.ts';
import { isChanging } from '../../tree/commit/patch.ts';
import { recoverIfFree } from '../../tree/commit/replace.ts';
import { RELEASE } from '../../tree/layout.ts';
import { requireSite, siteFolder } from '../site-folder.ts';
import type { SiteOptions } from '../site-folder.ts';

export interface ExportOptions extends SiteOptions, StoreOptions {
  readonly to: string;
}

export interface ExportReport extends ExportedIndex {
  readonly folder: string;
  readonly to: string;
  readonly findings: readonly Finding[];
}

/** Writes the index of a site for a registry. Throws a `Stop` where there is no site, or somebody else exports there at the same time. */
export async function exportSite(options: ExportOptions): Promise<ExportReport> {
  const folder = siteFolder(options);
  requireSite(folder, options, RELEASE);
  recoverIfFree(folder);
  if (isChanging(folder)) throw new Stop('changed', `${folder} is being built`, 'wait for the build to end');
  const store = await openStore(options.to, options, () => undefined);
  const done = await exportIndex(folder, store);
  return { folder, to: options.to, ...done, findings: done.hasArtifacts ? [] : [noArtifacts(folder)] };
}

function noArtifacts(where: string): Finding {
  const text =
    'the site has no answers below /artifacts/, where a registry asks for zips and files: set "artifacts: true"';
  return { code: 'no-artifacts', where, text, level: 'warning' };
}
