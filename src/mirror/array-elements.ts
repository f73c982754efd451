import { spoiled } from './refusal.ts';

/*
 * The elements of a JSON array as they come, so that a list is never in memory as a whole: a few bytes of JSON may stand for many times
 * their size of values.
 */

/** The bytes of each element; undefined of one with more than `most` bytes. Throws a `Refusal` if it is no array. */
export async function* arrayElements(
  body: AsyncIterable<Buffer>,
  most: number,
): AsyncGenerator<Buffer | undefined, void> {
  const splitter = makeSplitter(most);
  for await (const chunk of body) yield* splitter.push(chunk);
  splitter.end();
}

interface Splitter {
  push(chunk: Buffer): (Buffer | undefined)[];
  /** Throws a `Refusal` if the array isn't at its end. */
  end(): void;
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** What is inside an element is for the parser to judge: here, brackets only count. */
function makeSplitter(most: number): Splitter {
  const element = makeElement(most);
  let where: 'before' | 'inside' | 'in text' | 'after' = 'before';
  let depth = 0;
  let isEscaped = false;
  let isFirst = true;
  const push = (chunk: Buffer): (Buffer | undefined)[] => {
    const found: (Buffer | undefined)[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (where === 'in text') {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) where = 'inside';
      } else if (where !== 'inside') {
        if (isSpace(byte)) continue;
        if (where === 'after') throw noJson();
        if (byte !== OPEN_LIST) throw noArray(byte);
        where = 'inside';
        start = i + 1;
      } else if (byte === QUOTE) where = 'in text';
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
      else if (depth > 0) depth -= Number(byte === CLOSE_LIST || byte === CLOSE_OBJECT);
      else if (byte === COMMA || byte === CLOSE_LIST) {
        element.add(chunk.subarray(start, i));
        start = i + 1;
        const isNone = isFirst && byte === CLOSE_LIST && element.isBlank();
        const taken = element.take();
        if (!isNone) found.push(taken);
        isFirst = false;
        if (byte === CLOSE_LIST) where = 'after';
      } else if (byte === CLOSE_OBJECT) throw noJson();
    }
    if (where === 'inside' || where === 'in text') element.add(chunk.subarray(start));
    return found;
  };
  return {
    push,
    end: () => {
      if (where !== 'after') throw noJson();
    },
  };
}

/** The bytes of an element so far. */
function makeElement(most: number) {
  let parts: Buffer[] = [];
  let size = 0;
  return {
    add: (bytes: Buffer): void => {
      size += bytes.length;
      if (size > most) parts = [];
      else parts.push(bytes);
    },
    isBlank: (): boolean => size <= most && parts.every((part) => part.every(isSpace)),
    take: (): Buffer | undefined => {
      const taken = size > most ? undefined : Buffer.concat(parts);
      [parts, size] = [[], 0];
      return taken;
    },
  };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function noJson(): Error {
  return spoiled('gives a list that is not JSON'); // the parser's own message would repeat parts of the text
}

/** By its first byte, what is no array may be another value. */
function noArray(byte: number): Error {
  return /[{"\-0-9tfn]/.test(String.fromCharCode(byte))
    ? spoiled('gives JSON that is not a list of packages')
    : noJson();
}

/** Parses an element. Throws a `Refusal` if it is no JSON. */
export function parseElement(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw noJson();
  }
}
