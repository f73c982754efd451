import type { FindingCode } from '../error-codes.ts';

/** What helps against a refusal of the list: to look at the URL, or at the credentials. */
export type Remedy = 'address' | 'login';

export interface RefusalFacts {
  readonly code?: FindingCode;
  readonly isPassing?: boolean;
  readonly isDown?: boolean;
  readonly isSilent?: boolean;
  readonly wait?: number;
  readonly remedy?: Remedy | undefined;
}

/** Why something of a registry doesn't count. The message is the end of a sentence about its URL. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: FindingCode;
  /** Whether another attempt may go better. */
  readonly isPassing: boolean;
  /** Whether the registry as a whole seems to be away, so that other requests would fail alike. */
  readonly isDown: boolean;
  /** Whether nothing came for as long as a timeout. */
  readonly isSilent: boolean;
  /** Milliseconds that the registry asks to wait. */
  readonly wait: number;
  /** Undefined where only time may help. */
  readonly remedy: Remedy | undefined;

  constructor(
    message: string,
    { code = 'refused', isPassing = false, isDown = false, isSilent = false, wait = 0, remedy }: RefusalFacts = {},
  ) {
    super(message);
    this.code = code;
    this.isPassing = isPassing;
    this.isDown = isDown;
    this.isSilent = isSilent;
    this.wait = wait;
    this.remedy = remedy;
  }
}

/** What came is not what was asked for, as where a proxy answers in place of the registry: it is asked for again. */
export function spoiled(message: string): Refusal {
  return new Refusal(message, { isPassing: true, remedy: 'address' });
}
