import type { Change } from './change.ts';
import type { OpenLayer } from './open.ts';

/* Names, titles and texts of the two changes of a promotion. */

/** The parts of a change that people read. */
type Texts = Pick<Change, 'branch' | 'title' | 'text'>;

/** The texts for the promotion of packages, called `name-version`. `what` tells what a single one is in git. */
export function promotionTexts(
  { from, to }: { readonly from: OpenLayer; readonly to: OpenLayer },
  called: readonly string[],
  what?: string,
): { add: Texts; remove: Texts } {
  const [lower, upper] = [from.policy.name, to.policy.name];
  const [first = '', ...more] = called;
  const isOne = more.length === 0;
  const short = isOne ? first : `${called.length} package versions`;
  const branch = isOne ? first : `${first}-and-${more.length}-more`;
  const addTitle = `[${upper}] Promote ${short} from ${lower}`;
  const removeTitle = `[${lower}] Remove ${short}, promoted to ${upper}`;
  const list = isOne ? '' : `:\n${called.map((one) => `  ${one}`).join('\n')}`;
  const has = isOne ? 'it' : 'them';
  const at = `, at ${from.commit.slice(0, 12)}${what === undefined ? '' : `: ${what}`}`;
  return {
    add: {
      branch: `promote/${branch}-to-${upper}`,
      title: addTitle,
      text: `Adds ${short} as ${lower} has ${has}${at}${list || '.'}\n\nThe first of two steps. The second, which must not come before it:\n  ${removeTitle}`,
    },
    remove: {
      branch: `promote/${branch}-from-${lower}`,
      title: removeTitle,
      text: `Removes ${short}, which ${upper} holds with the same content${list || '.'}\n\nThe second of two steps. The first, which must come before it:\n  ${addTitle}`,
    },
  };
}
