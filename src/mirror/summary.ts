import type { ByteString } from '../tree/byte-string.ts';
import { toByteString } from '../tree/text.ts';
import type { ListedFacts } from './mirroring.ts';

/* Summaries are hostile: a member of another type than that of the registry's counts as missing. */

/** Reads summaries, and counts the texts that stay of them. */
export interface SummaryReader {
  factsOf(summary: unknown): ListedFacts;
  readonly texts: number;
}

/** A reader that keeps each different text once. */
export function summaryReader(): SummaryReader {
  const known = new Map<string, ByteString>();
  let texts = 0;
  const keep = (text: string): ByteString => {
    const found = known.get(text) ?? toByteString(text);
    known.set(text, found);
    texts++;
    return found;
  };
  const keepAll = (value: unknown, path: readonly string[]): ByteString[] =>
    listAt(value, path).flatMap((one) => (typeof one === 'string' ? keep(one) : []));
  return {
    get texts() {
      return texts;
    },
    factsOf: (summary) => {
      const capabilities = keepAll(summary, ['conditions', 'elastic', 'capabilities']);
      const categories = keepAll(summary, ['categories']);
      const templates = listAt(summary, ['policy_templates']).map((template) => keepAll(template, ['categories']));
      texts += templates.length;
      const kibana = textAt(summary, ['conditions', 'kibana', 'version']);
      return {
        type: keep(textAt(summary, ['type']) ?? ''),
        ...(kibana !== undefined && { kibana }),
        ...(textAt(summary, ['release']) === 'experimental' && { experimental: 1 }),
        ...(capabilities.length > 0 && { capabilities }),
        ...(categories.length > 0 && { categories }),
        ...(templates.length > 0 && { templates }),
      };
    },
  };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}

function listAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}
