import type { Socket } from 'node:net';

/** The parts of a request that a site looks at. Texts are byte strings, names of headers in lower case. */
export interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a client has sent, from the head of the last request on. */
export interface Sent {
  /** To be called when a head is whole that Node takes. */
  next(): void;
  /** The bytes, and where the last packet of them begins; undefined if they are too many. */
  bytes(): { readonly bytes: Buffer; readonly last: number } | undefined;
}

/** Keeps what a client sends, up to `most` bytes: of a head that came in several packets, Node's refusal has the last one alone. */
export function keepSent(socket: Socket, most: number): Sent {
  let packets: Buffer[] = [];
  let size = 0;
  let isNext = false;
  socket.prependListener('data', (packet: Buffer) => {
    if (isNext) {
      packets = packets.slice(-1); // in which one head has ended and the next one may begin
      size = packets[0]?.length ?? 0;
      isNext = false;
    }
    size += packet.length;
    if (size <= most) packets.push(packet);
    else packets = [];
  });
  return {
    next: () => {
      isNext = true;
    },
    bytes: () =>
      size > most ? undefined : { bytes: Buffer.concat(packets), last: size - (packets.at(-1)?.length ?? 0) },
  };
}

/**
 * The head of the request in which `at` lies, from the bytes that a client has sent. It may have a method that Node's parser doesn't know,
 * and a target with bytes above 127, which a registry takes. Undefined if it is no head; `incomplete` if more of it has yet to come.
 */
export function headIn(sent: Buffer, at: number): Head | 'incomplete' | undefined {
  const before = sent.lastIndexOf(END, Math.max(at - 1, 0), 'latin1');
  const start = before < 0 ? 0 : before + END.length;
  const end = sent.indexOf(END, start, 'latin1');
  if (end < 0) return BEGINNING.test(sent.toString('latin1', start, start + 64)) ? 'incomplete' : undefined;
  const [line = '', ...fields] = sent.toString('latin1', start, end).split('\r\n');
  const [, method, url] =
    /^([\w!#$%&'*+.^`|~-]+) ((?:\/|[A-Za-z][A-Za-z\d+.-]*:\/\/)[\x21-\x7e\x80-\xff]*) HTTP\/1\.[01]$/.exec(line) ?? [];
  const found = fields.map((field) => /^([\w!#$%&'*+.^`|~-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(field));
  if (method === undefined || url === undefined || found.includes(null)) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (const field of found) {
    const [name, value] = [String(field?.[1]).toLowerCase(), String(field?.[2]).trimEnd()];
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { method, url, headers };
}

const END = '\r\n\r\n';
/** As far as it has come, what a head begins with: a client of another protocol would wait for an answer in vain. */
const BEGINNING = /^[\w!#$%&'*+.^`|~-]+(?: (?:[/A-Za-z]|$)|$)/;
