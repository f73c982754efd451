/** The parts of a request that a site looks at. Texts are byte strings, names of headers in lower case. */
export interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The head of the request in which `at` lies, from the bytes that came in one packet. Its target may hold bytes above 127, which
 * Node's parser doesn't take and a registry does. Undefined if the head isn't whole, or is none.
 */
export function headIn(packet: Buffer, at: number): Head | undefined {
  const before = packet.lastIndexOf(END, Math.max(at - 1, 0), 'latin1');
  const start = before < 0 ? 0 : before + END.length;
  const end = packet.indexOf(END, start, 'latin1');
  if (end < 0) return undefined;
  const [line = '', ...fields] = packet.toString('latin1', start, end).split('\r\n');
  const [, method, url] =
    /^([A-Z]+) ((?:\/|[A-Za-z][A-Za-z\d+.-]*:\/\/)[\x21-\x7e\x80-\xff]*) HTTP\/1\.[01]$/.exec(line) ?? [];
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
