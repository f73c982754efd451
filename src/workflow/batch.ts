import type { Promotion, Way } from './promotion.ts';
import { promotionTexts } from './promotion-texts.ts';

/** Several promotions as one, with one change of each layer. What is added or removed already is left out of that change. */
export function inOneBatch(way: Way, promotions: readonly Promotion[]): Promotion[] {
  const [first, ...more] = promotions;
  if (!first || more.length === 0) return [...promotions];
  const adding = promotions.filter(({ isAdded }) => !isAdded);
  const removing = promotions.filter(({ isRemoved }) => !isRemoved);
  const add = promotionTexts(way, (adding.length > 0 ? adding : promotions).map(calledOf)).add;
  const remove = promotionTexts(way, (removing.length > 0 ? removing : promotions).map(calledOf)).remove;
  return [
    {
      ids: promotions.flatMap(({ ids }) => ids),
      isAdded: adding.length === 0,
      isRemoved: removing.length === 0,
      entries: promotions.flatMap(({ entries }) => entries),
      findings: promotions.flatMap(({ findings }) => findings),
      add: { ...add, layer: way.to, edits: adding.flatMap((one) => one.add.edits) },
      remove: { ...remove, layer: way.from, edits: removing.flatMap((one) => one.remove.edits) },
    },
  ];
}

function calledOf({ ids }: Promotion): string {
  return ids.map((id) => id.replace('@', '-')).join(' ');
}
