/*
 * The conditions of a request that compare tags and dates (RFC 9110 section 13.1). Edge-plain.
 */

/** Whether `If-None-Match` names a tag, by weak comparison. */
export function namesTag(written: string, tag: string): boolean {
  const strong = tag.slice(0, 2) === 'W/' ? tag.slice(2) : tag;
  return listed(written, (one) => one === strong || one === `W/${strong}`);
}

/** Whether `If-Match` names a tag, by strong comparison: a weak tag never matches. */
export function namesTagStrongly(written: string, tag: string): boolean {
  return listed(written, (one) => one === tag && tag.slice(0, 2) !== 'W/');
}

/**
 * Whether something that changed at a time (seconds since 1970) has changed after an HTTP date. False for a text that is no date:
 * such a condition doesn't count.
 */
export function isModifiedSince(written: string, changed: number): boolean {
  const date = httpDate(written);
  return date !== undefined && changed > date;
}

/**
 * An HTTP date in seconds since 1970. Undefined for any other text, and for the two forms that nobody may send any more (RFC 9110
 * section 5.6.7).
 */
export function httpDate(text: string): number | undefined {
  const parts =
    /^[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) GMT$/.exec(
      text,
    );
  const month = parts ? MONTHS.indexOf(parts[2] as string) / 3 : -1;
  if (!parts || month < 0) return undefined;
  const at = (i: number): number => Number(parts[i]);
  const time = Date.UTC(at(3), month, at(1), at(4), at(5), at(6));
  const isInMonth = new Date(time).getUTCMonth() === month;
  return isInMonth ? time / 1000 : undefined;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** A `*` names every tag where it stands alone, and none in a list. */
function listed(written: string, isIt: (one: string) => boolean): boolean {
  if (written.trim() === '*') return true;
  const all = written.split(',');
  for (let i = 0; i < all.length; i++) if (isIt((all[i] as string).trim())) return true;
  return false;
}
