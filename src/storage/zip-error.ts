/** The zip is refused. The message is the reason, with the name of the entry if the reason concerns one. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
  /** `limit`: it is larger than a limit. */
  readonly code: 'unfit' | 'limit';

  constructor(message: string, code: 'unfit' | 'limit' = 'unfit') {
    super(message);
    this.code = code;
  }
}

export function refuse(name: string, reason: string): never {
  throw new ZipError(`${quoted(name)}: ${reason}`);
}

/** Throws where a figure of an entry, or of the zip itself, is beyond a limit; `reason` is what `excess` says of it. */
export function refuseExcess(reason: string | undefined, name?: string): void {
  if (reason === undefined) return;
  throw new ZipError(name === undefined ? `it ${reason}` : `${quoted(name)}: ${reason}`, 'limit');
}

/** Escapes control characters: a name may be made to deceive the reader of the message. A long one is cut. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > LONG ? `${name.slice(0, LONG)}…` : name);
}

const LONG = 200;
