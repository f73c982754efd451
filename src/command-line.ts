import { delimiter, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Command lines to paste: how the program was started, and how a POSIX shell reads words.
 */

/** A word as a POSIX shell reads it (XCU 2.2): as it is where nothing in it means anything to a shell, or else in quotes. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The path of a file as a word of a command line in the folder of the user's shell. */
export function pathWord(path: string, start: Start = ownStart()): string {
  const down = relative(userFolder(start), resolve(path));
  return shellQuote(down === '' ? '.' : down.startsWith('..') || isAbsolute(down) ? resolve(path) : down);
}

/** How the program was started. */
export interface Start {
  /** The absolute path by which it was called: `process.argv[1]`. */
  readonly script: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A command line that runs this program in the way it was started: `epr-static list`, `npm run build -- …` or `node lib/cli.js list`.
 * `words` are the verb and its arguments. `folder` is where the line will be pasted, if that is another folder than this one.
 */
export function commandLine(words: readonly string[], folder?: string, start: Start = ownStart()): string {
  const script = folder === undefined ? npmScript(words, start) : undefined;
  return (script ?? [...program(folder ?? userFolder(start), start), ...words]).map(shellQuote).join(' ');
}

/** The words of a command line that repeat the options by which a storage was found. */
export function givenWords(options: {
  readonly config?: string | undefined;
  readonly storage?: string | undefined;
}): string[] {
  const { config, storage } = options;
  return Object.entries({ config, storage }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
}

function ownStart(): Start {
  return { script: process.argv[1] ?? '', folder: process.cwd(), environment: process.env };
}

/** The folder of this package. */
const ROOT = fileURLToPath(new URL('..', import.meta.url)).slice(0, -1);

/** The verbs that are scripts of this package, for a clone. */
const SCRIPTS = new Set(['build', 'serve', 'bundle']);

/** npm tells a script whose it is, and where npm was called (docs.npmjs.com, "npm run" and "Environment"). */
function npmScript([verb = '', ...rest]: readonly string[], start: Start): string[] | undefined {
  if (!isOwnScript(start) || !SCRIPTS.has(verb)) return undefined;
  const isHere = `${userFolder(start)}${sep}`.startsWith(`${ROOT}${sep}`);
  return ['npm', ...(isHere ? [] : ['--prefix', ROOT]), 'run', verb, '--', ...rest];
}

function program(folder: string, start: Start): string[] {
  const { script, environment } = start;
  if (/[\\/]cli\.[jt]s$/.test(script)) return ['node', shortest(script, folder)];
  // Inside npx or somebody's script, PATH names folders that it doesn't name in the user's shell.
  if (environment['npm_lifecycle_event'] !== undefined && !isOwnScript(start)) return ['npx', 'epr-static'];
  const isOnPath = (environment['PATH'] ?? '').split(delimiter).includes(dirname(script));
  return [isOnPath ? 'epr-static' : shortest(script, folder)];
}

function isOwnScript({ environment: { npm_lifecycle_event: event, npm_package_json: manifest } }: Start): boolean {
  return event !== undefined && manifest !== undefined && resolve(dirname(manifest)) === ROOT;
}

/** The folder of the user's shell; npm runs a script of this package in the package's folder. */
function userFolder(start: Start): string {
  return (isOwnScript(start) ? start.environment['INIT_CWD'] : undefined) ?? start.folder;
}

/** A path as a command in a folder: a relative one if it leads down. */
function shortest(path: string, folder: string): string {
  const down = relative(folder, path);
  if (down.startsWith('..') || isAbsolute(down)) return path;
  return down.includes(sep) ? down : `./${down}`;
}
