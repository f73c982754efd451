import { revisionId } from '../../src/storage/storage.ts';
import type { Layer, Revision } from '../../src/storage/storage.ts';

/** A layer that holds these ids. */
export function layerOf(name: string, ids: readonly string[]): Layer {
  return { name, ref: name, commit: undefined, findings: [], revisions: ids.map((id) => revisionOf(name, id)) };
}

function revisionOf(layer: string, id: string): Revision {
  const [name = '', version = ''] = id.split('@');
  const where = `packages/${name}/${version}`;
  const source = `${layer}/${where}`;
  return { id: revisionId(name, version), name, version, layer, where, source, zipped: false, signature: undefined };
}
