import type { VerifiedPairs } from '../../package/signature-judge.ts';
import { keptLists } from './checked-files.ts';
import type { KeptLists } from './checked-files.ts';

/** Pairs of zip and signature that were verified, kept from build to build. */
export interface VerifiedStore extends VerifiedPairs {
  /** Keeps the new pairs for later builds, in a list with this name. */
  close(name: string): void;
}

/** On disk: lists in `folder`. A pair is its key, a digest of zip, signature and keys; what is wrong is never kept. */
export function openVerified(folder: string): VerifiedStore {
  let kept: KeptLists<1> | undefined;
  const known = (): KeptLists<1> => (kept ??= keptLists<1>(folder)); // most storages have no signatures
  const added = new Set<string>();
  return {
    has: (key) => added.has(key) || known().get(key) === 1,
    add: (key) => void added.add(key),
    close: (name) => {
      if (added.size > 0)
        known().add(
          name,
          [...added].map((key) => [key, 1] as const),
        );
    },
  };
}
