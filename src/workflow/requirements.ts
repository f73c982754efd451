import { accepts } from '../core/constraint.ts';
import { parseStrictVersion } from '../core/version.ts';
import type { Finding } from '../errors.ts';
import { compileConstraint } from '../package/constraint-compile.ts';
import type { Entry } from '../build/entry.ts';
import type { Revision } from '../storage/storage.ts';
import { layersAbove } from './open.ts';
import type { OpenLayer, Workflow } from './open.ts';
import { enumerated } from '../near-match.ts';

/* The packages that a package requires (`requires` of its manifest), and whether clients of a layer find them. */

/** A package that another one requires. */
export interface Requirement {
  readonly package: string;
  /** A constraint on its versions; '' for any. */
  readonly version: string;
}

/** What an entry requires. */
export function requirementsOf({ rendered }: Pick<Entry, 'rendered'>): Requirement[] {
  const { requires } = JSON.parse(`{${rendered.summary.after}}`) as {
    requires?: { input?: Requirement[]; content?: Requirement[] };
  };
  return [...(requires?.input ?? []), ...(requires?.content ?? [])];
}

/**
 * A warning for each requirement that clients of a layer would miss: neither the layer, nor one that wins over it, nor one of the
 * `added` revisions meets it.
 */
export function missingRequirements(
  { config, layers }: Pick<Workflow, 'config' | 'layers'>,
  { from, to }: { readonly from: OpenLayer; readonly to: OpenLayer },
  added: readonly Entry[],
): Finding[] {
  const above = layersAbove(config, to.policy.name);
  const visible = layers.filter(({ policy }) => policy === to.policy || above.has(policy.name));
  const there = [...visible.flatMap(({ layer }) => layer.revisions), ...added.map(({ revision }) => revision)];
  return added.flatMap((entry) =>
    requirementsOf(entry)
      .filter((required) => !isMet(required, there))
      .map((required): Finding => {
        const wanted = [required.package, required.version].filter((part) => part !== '').join(' ');
        const has = from.layer.revisions.filter((revision) => isMet(required, [revision]));
        const hint =
          has.length > 0
            ? `; ${from.policy.name} has ${enumerated(has.map(({ version }) => version).toReversed())}`
            : '';
        const text = `requires ${wanted}, which ${to.policy.name} lacks${hint}`;
        return { code: 'requires', where: entry.revision.id, text, level: 'warning' };
      }),
  );
}

function isMet(requirement: Requirement, revisions: readonly Revision[]): boolean {
  const meets = requirementTest(requirement);
  return revisions.some(({ name, version }) => name === requirement.package && meets(version));
}

/** Whether a version of the required package meets a requirement. */
export function requirementTest({ version: constraint }: Requirement): (version: string) => boolean {
  if (constraint === '') return () => true;
  const compiled = compileConstraint(constraint);
  return (text) => {
    const version = parseStrictVersion(text);
    return compiled !== undefined && version !== undefined && accepts(compiled, version);
  };
}
