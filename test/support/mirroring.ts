import { DEFAULT_LIMITS } from '../../src/limits.ts';
import { mirrorRegistry } from '../../src/mirror/mirror.ts';
import type { Mirrored, Mirroring, Pace, Wanted } from '../../src/mirror/mirroring.ts';

/** As quick as a test needs it. */
export const QUICK: Partial<Pace> = {
  attempts: 3,
  backoff: 1,
  longestWait: 20,
  connectTimeout: 5000,
  headersTimeout: 20_000,
  idleTimeout: 20_000,
  bodyTimeout: 20_000,
};

/** Mirrors everything of a registry, unless `more` says otherwise. */
export async function mirror(registry: string, cache: string, more: Partial<Mirroring> = {}): Promise<Mirrored> {
  return await mirrorRegistry({
    layer: 'elastic',
    registry,
    cache,
    wanted: everything(),
    keys: [],
    signatures: 'optional',
    gone: 'keep',
    limits: DEFAULT_LIMITS,
    offline: false,
    refresh: false,
    onWait: () => undefined,
    environment: { NETRC: '/nowhere' },
    pace: QUICK,
    ...more,
  });
}

/** All that is listed; in these ranges of spec versions, too. */
export function everything(...ranges: readonly string[]): Wanted {
  return { kind: 'chosen', ranges, choose: (list) => list };
}

/** The ids that are held. */
export function heldIds({ held }: Mirrored): string[] {
  return held.map(({ listed }) => listed.id);
}

/** Findings as `code level text`, without where they are. */
export function said({ findings }: Mirrored): string[] {
  return findings.map(({ code, level, text }) => `${code} ${level}: ${text}`);
}
