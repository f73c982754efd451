import { sameContent } from '../catalog/merge.ts';
import type { Finding } from '../errors.ts';
import type { Revision, RevisionFiles } from '../storage/storage.ts';
import { layersAbove } from './open.ts';
import type { OpenLayer, Workflow } from './open.ts';
import type { CheckFinding, Touched, Twin } from './policy.ts';

/** A revision of a layer, or one that is to be in it, beside what the other layers hold of its package. */
export async function touchedIn(
  { config, storage, layers }: Pick<Workflow, 'config' | 'storage' | 'layers'>,
  layer: OpenLayer,
  { revision, listed }: { revision: Revision; listed: RevisionFiles },
): Promise<Touched> {
  const above = layersAbove(config, layer.policy.name);
  const others = layers.filter((other) => other !== layer);
  const twins = others.flatMap((other) => other.layer.revisions.filter(({ id }) => id === revision.id));
  const higher = others.filter(({ policy }) => above.has(policy.name)).flatMap((other) => other.layer.revisions);
  return {
    id: revision.id,
    version: revision.version,
    where: revision.where,
    twins: await Promise.all(
      twins.map(async (twin): Promise<Twin> => ({
        layer: twin.layer,
        isAbove: above.has(twin.layer),
        sameContent: sameContent(await storage.listFiles(twin), listed),
        modes: 0,
      })),
    ),
    above: higher
      .filter(({ name }) => name === revision.name)
      .map(({ version, layer: inLayer }) => ({ version, layer: inLayer })),
  };
}

/** Findings of the gate as those who propose a change see them: notes are its own talk, and a low version is only a warning. */
export function proposerFindings(findings: readonly CheckFinding[]): Finding[] {
  return findings.flatMap(({ code, where, text, level }) =>
    level === 'note' ? [] : [{ code, where, text, level: code === 'not-newer' ? 'warning' : level }],
  );
}
