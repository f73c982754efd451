import type { FindingCode } from '../error-codes.ts';

/** Why something of a registry doesn't count. The message is the end of a sentence about its URL. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: FindingCode;
  /** Whether the registry as a whole seems to be away, so that other requests would fail alike. */
  readonly isDown: boolean;

  constructor(message: string, { code = 'refused', isDown = false }: { code?: FindingCode; isDown?: boolean } = {}) {
    super(message);
    this.code = code;
    this.isDown = isDown;
  }
}
