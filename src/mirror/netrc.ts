import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isAbsence } from '../errors.ts';

/** A name and a password, as HTTP's Basic authentication sends them. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The text of the user's `.netrc`, or of the file that the variable `NETRC` names; '' if there is none. */
export async function readNetrc(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const file = environment['NETRC'] ?? join(environment['HOME'] ?? homedir(), '.netrc');
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if (isAbsence(error)) return '';
    throw error;
  });
}

/**
 * What a `.netrc` says of a host: its first `machine` of that name that has a password, or else its first `default`. With `user`, only
 * entries of this user count. The format is that of GNU inetutils and curl: words, which may stand in quotes; a macro ends with an
 * empty line.
 */
export function netrcLogin(text: string, host: string, user?: string): Login | undefined {
  const entries = entriesOf(text).filter((entry) => user === undefined || (entry.user ?? user) === user);
  const found =
    entries.find(({ machine, password }) => machine?.toLowerCase() === host && password !== undefined) ??
    entries.find(({ machine, password }) => machine === undefined && password !== undefined);
  return found?.password === undefined ? undefined : { user: found.user ?? user ?? '', password: found.password };
}

interface Entry {
  /** Undefined for `default`. */
  readonly machine: string | undefined;
  user?: string;
  password?: string;
}

function entriesOf(text: string): Entry[] {
  const entries: Entry[] = [];
  const words = wordsOf(text.replaceAll(MACRO, '\n'));
  for (let i = 0; i < words.length; i++) {
    const entry = entries.at(-1);
    if (words[i] === 'machine') entries.push({ machine: words[++i] ?? '' });
    else if (words[i] === 'default') entries.push({ machine: undefined });
    else if (words[i] === 'login' && entry) entry.user = words[++i] ?? '';
    else if (words[i] === 'password' && entry) entry.password = words[++i] ?? '';
    else if (words[i] === 'account') i++;
  }
  return entries;
}

const MACRO = /(?:^|\s)macdef\s[^]*?(?:\n[ \t]*\n|$)/g;

/** Comments are left out. */
function wordsOf(text: string): string[] {
  const found = text.matchAll(/"((?:[^"\\]|\\.)*)"|(^|(?<=\s))#.*|[^\s"]\S*/gm);
  return [...found].flatMap(([word, inQuotes, comment]) => {
    if (comment !== undefined) return [];
    return inQuotes === undefined ? word : inQuotes.replaceAll(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char);
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
