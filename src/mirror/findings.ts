import type { Finding } from '../errors.ts';
import { zipPath } from '../tree/layout.ts';
import { listPath } from './list.ts';
import type { ParsedList } from './list.ts';
import type { Listed, Mirroring } from './mirroring.ts';
import type { Refusal } from './refusal.ts';

/** A registry as findings call it. */
export interface Source {
  readonly layer: string;
  /** The URL without credentials. */
  readonly shown: string;
}

/** About one revision of a registry. */
export function revisionFinding(
  { name, version }: Pick<Listed, 'name' | 'version'>,
  { layer, shown }: Source,
  about: Pick<Finding, 'code' | 'text' | 'level'>,
): Finding {
  return { ...about, where: `${layer}: ${shown}/${zipPath(name, version)}` };
}

/** Why a revision doesn't count; with `isHeld`, why only the one counts that the cache has. */
export function refusalFinding(
  revision: Pick<Listed, 'name' | 'version'>,
  source: Source,
  { code, message, isHeld }: Pick<Refusal, 'code' | 'message'> & { readonly isHeld: boolean },
): Finding {
  const [text, level] = isHeld
    ? ([`${message}; the one that the cache holds counts`, 'warning'] as const)
    : ([message, 'error'] as const);
  return revisionFinding(revision, source, { code, text, level });
}

/** About a list that is empty; and about entries of one, a sentence each: the first few are enough to see what is wrong. */
export function listFindings({ listed, faults }: ParsedList, { layer, shown }: Source): Finding[] {
  const where = `${layer}: ${shown}/${listPath()}`;
  if (listed.length === 0 && faults.length === 0)
    return [{ code: 'takes-nothing', where, text: 'lists no packages', level: 'warning' }];
  const rest = faults.length - MOST_FAULTS;
  const texts = [...faults.slice(0, MOST_FAULTS), ...(rest > 0 ? [`has faults in ${rest} more of its entries`] : [])];
  return texts.map((text) => ({ code: 'refused', where, text, level: 'error' }));
}

const MOST_FAULTS = 20;

/** About revisions that the cache holds and the registry no longer lists. To keep them is what the cache is for. */
export function goneFindings(gone: readonly Listed[], policy: Mirroring['gone'], source: Source): Finding[] {
  if (policy === 'keep') return [];
  const text = {
    drop: 'is no longer listed, and left out (gone: drop)',
    refuse:
      'is no longer listed (gone: refuse); set gone: keep to serve it from the cache, or gone: drop to leave it out',
  }[policy];
  const level = policy === 'drop' ? 'warning' : 'error';
  return gone.map((listed) => revisionFinding(listed, source, { code: 'gone', text, level }));
}
