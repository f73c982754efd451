import { Stop } from '../errors.ts';
import { Lack } from '../storage/lack.ts';
import type { Storage } from '../storage/storage.ts';

/**
 * The bytes of a content that the storage has listed. Throws a `Stop` if the storage doesn't give them any more; `where` is what was
 * changed then.
 */
export async function contentOf(storage: Storage, content: string, where: string): Promise<Buffer> {
  const bytes = await storage.read(content);
  if (bytes instanceof Lack)
    throw new Stop('changed', `${where} was changed while it was read`, 'run the command again');
  return bytes;
}
