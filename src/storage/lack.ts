import type { FindingCode } from '../error-codes.ts';

/** Why a storage gives no bytes for a content: what a finding says of the file. */
export class Lack {
  readonly code: FindingCode;
  readonly text: string;

  constructor(code: FindingCode, text: string) {
    this.code = code;
    this.text = text;
  }
}

/** The storage doesn't have it. */
export const NOT_THERE = new Lack('unfit', 'the storage lacks the content of this file');
