import { DEFAULT_LIMITS, excess, excessText } from '../../limits.ts';
import type { Limits } from '../../limits.ts';
import { YamlError } from './values.ts';

/** Which limit of `Limits` holds for the bytes of a file. */
export type SizeLimit = 'manifest' | 'parsed';

/** What a document may still hold, so that a few bytes can't fill the memory. */
export class Budget {
  readonly #limits: Limits;
  readonly #size: SizeLimit;
  #values = 0;
  #characters = 0;

  constructor(limits: Limits = DEFAULT_LIMITS, size: SizeLimit = 'manifest') {
    this.#limits = limits;
    this.#size = size;
  }

  /** Throws a `YamlError` for a file that is too large to be parsed. */
  checkBytes(bytes: number): void {
    const text = excess(this.#limits, this.#size, bytes);
    if (text !== undefined) throw new YamlError(text);
  }

  /** Counts values, and the characters of their texts; those of an alias as often as it is used. Throws a `YamlError`. */
  take(values: number, characters: number): void {
    this.#values += values;
    this.#characters += characters;
    if (this.#values > this.#limits.values) throw new YamlError(excessText(this.#limits, 'values'));
    if (this.#characters > this.#limits[this.#size])
      throw new YamlError(`with its aliases written out, ${excessText(this.#limits, this.#size)}`);
  }

  /** The same, with nothing taken yet. */
  renewed(): Budget {
    return new Budget(this.#limits, this.#size);
  }
}
