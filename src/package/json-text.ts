import { excess, excessText } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { MAX_DEPTH } from './yaml/values.ts';

/**
 * Why a JSON text does not parse, or is beyond a limit; undefined if it parses. Values and depth are counted before it is parsed.
 */
export function jsonError(bytes: Buffer, limits: Limits): string | undefined {
  const tooLarge = excess(limits, 'parsed', bytes.length) ?? structureFault(bytes, limits);
  if (tooLarge !== undefined) return tooLarge;
  try {
    JSON.parse(bytes.toString('utf8'));
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return `not JSON: ${error.message}`;
    throw error;
  }
}

/** Each value but the last is before a comma or opens a collection. */
function structureFault(bytes: Buffer, limits: Limits): string | undefined {
  let [depth, values, isText] = [0, 1, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) values++;
    else if (byte === BRACKET || byte === BRACE) {
      values++;
      depth++;
    } else if (byte === BRACKET_END || byte === BRACE_END) depth--;
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
  }
  return values > limits.values ? excessText(limits, 'values') : undefined;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [BRACKET, BRACE, BRACKET_END, BRACE_END] = [0x5b, 0x7b, 0x5d, 0x7d];
