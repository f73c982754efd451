import { keptLists } from './checked-files.ts';
import type { ContentStore } from './contents.ts';

/*
 * Compressed forms, kept from build to build. They lie in the packs of the content store, with the deflate streams of
 * the same build. The lists here say where.
 */

/** What an earlier build has found out about a content compressed with one coding and level. */
export type KeptForm =
  | {
      readonly kind: 'packed';
      readonly pack: string;
      readonly offset: number;
      /** Bytes. */
      readonly size: number;
      readonly crc32: number;
    }
  /** It is not smaller than the content. */
  | { readonly kind: 'larger' };

export interface FormStore {
  find(digest: string, how: string): KeptForm | undefined;
  /** Keeps a form for later builds. */
  keep(digest: string, how: string, form: KeptForm): void;
  close(): void;
}

/** Opens the store in a folder. */
export function openFormStore(folder: string, contents: ContentStore): FormStore {
  const known = keptLists<KeptForm>(folder);
  const made: [string, KeptForm][] = [];
  return {
    find: (digest, how) => known.get(keyOf(digest, how)),
    keep: (digest, how, form) => {
      made.push([keyOf(digest, how), form]);
      if (form.kind === 'packed') contents.keepPack(form.pack);
    },
    close: () => known.add(contents.build, made),
  };
}

function keyOf(digest: string, how: string): string {
  return `${digest.slice(0, 40)}-${how}`;
}
