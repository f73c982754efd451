import { delimiter, dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Command lines to paste: how the program was started, and how a POSIX shell reads words.
 */

/** A word as a POSIX shell reads it (XCU 2.2): as it is where nothing in it means anything to a shell, or else in quotes. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The facts that tell how the program was started. */
export interface Start {
  /** The path of the program as it was called, as an absolute path: `process.argv[1]`. */
  readonly script: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A command line that runs this program as it was run: `epr-static list`, `npm run build -- …` or `node lib/cli.js list`. `args`
 * are the verb and its arguments, not quoted.
 */
export function commandLine(
  args: readonly string[],
  start: Start = { script: process.argv[1] ?? '', cwd: process.cwd(), environment: process.env },
): string {
  const [verb = '', ...rest] = args;
  return [...(npmScript(verb, rest, start) ?? [...program(start), ...args].map(shellQuote))].join(' ');
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The verbs that are scripts of this package, for a clone. */
const SCRIPTS = new Set(['build', 'serve', 'bundle']);

/** npm tells a script in these variables which package it is of, and where npm was called (docs.npmjs.com, "npm run"). */
function npmScript(verb: string, rest: readonly string[], { environment }: Start): string[] | undefined {
  const { npm_lifecycle_event: event, npm_package_json: manifest, INIT_CWD: from = '' } = environment;
  if (event === undefined || !isOwn(manifest) || !SCRIPTS.has(verb)) return undefined;
  const prefix = isInside(from) ? [] : ['--prefix', shellQuote(ROOT)];
  return ['npm', ...prefix, 'run', verb, '--', ...rest.map(shellQuote)];
}

function program({ script, cwd, environment }: Start): string[] {
  const { npm_lifecycle_event: event, npm_package_json: manifest, INIT_CWD, PATH = '' } = environment;
  const isCli = /[\\/]cli\.[jt]s$/.test(script);
  if (isCli) return ['node', shortest(script, event === undefined ? cwd : (INIT_CWD ?? cwd))];
  // Inside a script or npx, PATH names folders that it doesn't name in the user's shell.
  if (event !== undefined && !isOwn(manifest)) return ['npx', 'epr-static'];
  const isOnPath = PATH.split(delimiter).includes(dirname(script));
  return [isOnPath ? 'epr-static' : shortest(script, cwd)];
}

function isOwn(manifest: string | undefined): boolean {
  return manifest !== undefined && resolve(dirname(manifest)) === resolve(ROOT);
}

function isInside(folder: string): boolean {
  const path = relative(ROOT, folder);
  return !path.startsWith('..') && !isAbsolute(path);
}

/** A path as a command: a relative one if it leads down from the folder. */
function shortest(path: string, folder: string): string {
  const down = relative(folder, path);
  if (down.startsWith('..') || isAbsolute(down)) return path;
  return down.includes('/') ? down : `./${down}`;
}
