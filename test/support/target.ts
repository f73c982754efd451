import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openContentStore } from '../../src/build/cache/contents.ts';
import { openFormStore } from '../../src/build/cache/forms.ts';
import { encodeSite } from '../../src/build/encode.ts';
import type { FormPlan } from '../../src/build/encode.ts';
import { hasError } from '../../src/errors.ts';
import type { Finding } from '../../src/errors.ts';
import type { Target, TargetSite } from '../../src/hosts/target.ts';
import { readEncodedList, openEncodedList } from '../../src/tree/encoded.ts';
import { eachListedFile } from '../../src/tree/manifest.ts';

/** Writes a host's folder beside a site, as a build does, unless the host refuses the site. */
export async function writeTarget(
  target: Target,
  site: TargetSite,
): Promise<{ next: readonly string[]; findings: readonly Finding[] }> {
  const findings = await target.refusals(site, site.folder);
  return { findings, next: hasError(findings) ? [] : await target.write(site, { findings, since: undefined }) };
}

/** Adds compressed forms to a site. `cache` is made and removed where it is not given. */
export async function addForms(folder: string, plan: FormPlan, cache?: string): Promise<void> {
  const kept = cache ?? mkdtempSync(join(tmpdir(), 'epr-static-forms-'));
  const store = await openContentStore(join(kept, 'contents'));
  try {
    const forms = openFormStore(join(kept, 'encoded'), store);
    const list = openEncodedList(readEncodedList(folder));
    const options = { plan, trees: [folder], folder, list, store, forms, onProgress: ignore };
    await encodeSite(eachListedFile(folder), options);
    forms.close();
  } finally {
    await store.close();
    if (cache === undefined) rmSync(kept, { recursive: true });
  }
}

function ignore(): void {}
