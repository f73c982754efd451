/*
 * Sizes as people write them: `4G`, `700M`, `650 MiB`, `1.5GB`.
 */

/** The bytes of a written size. A letter alone, or with `iB`, counts by 1024, with `B` by 1000. Undefined for what is no size. */
export function parseSize(text: string): number | undefined {
  const [, digits, letter = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?b)?|b)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const power = letter === '' ? 0 : 'kmgt'.indexOf(letter.toLowerCase()) + 1;
  const bytes = Math.floor(Number(digits) * (unit.toLowerCase() === 'b' ? 1000 : 1024) ** power);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size for a message. */
export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}
