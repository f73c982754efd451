import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { devNull } from 'node:os';
import { Stop } from '../../errors.ts';

/* The only place that starts git. */

/** A run of git that failed, in git's own words. */
export class GitFailure extends Stop {
  /** The exit status; null where a signal ended git. */
  readonly status: number | null;
  /** The last line of what git said. */
  readonly words: string;

  constructor(args: readonly string[], { words, status }: { words: string; status: number | null }) {
    super('git-failed', withoutCredentials(`git ${args.join(' ')}: ${words}`));
    this.status = status;
    this.words = withoutCredentials(words);
  }
}

/**
 * Starts git. Whoever starts it waits for `exitOf`. A run that reads a repository can reach no other one, so that a repository
 * whose configuration names a place for missing objects makes git run nothing; only `clone` and `fetch` use a network. `more` is
 * added to the environment.
 */
export function startGit(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const verb = args[0]?.startsWith('-') ? args[2] : args[0];
  const isRemote = verb === 'clone' || verb === 'fetch';
  const child = spawn('git', args, {
    env: { ...gitEnvironment(), GIT_ALLOW_PROTOCOL: isRemote ? REMOTE : 'none', ...more },
  });
  child.stdin.on('error', () => undefined); // git ended before it read everything: its exit tells why
  return child;
}

/**
 * Waits until a git process ends. Throws a `GitFailure` where git fails, with what it said last, and a `Stop` where git isn't
 * installed.
 */
export async function exitOf(child: ChildProcessWithoutNullStreams, args: readonly string[]): Promise<void> {
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      reject(isMissing ? new Stop('no-git', 'git is not installed', 'install git 2.25 or newer') : error);
    });
    child.on('close', (...how) => resolve(how));
  });
  if (status === 0) return;
  const words = lastWords(Buffer.concat(said).toString('utf8')) || `ended with ${String(status ?? signal)}`;
  throw new GitFailure(args, { words, status });
}

/** The last line of what git said, behind its line about the error of the system, if that came before. */
function lastWords(said: string): string {
  const lines = said.trim().split('\n');
  const cause = lines
    .slice(0, -1)
    .findLast((line) => /^error: .*(No space left|Read-only|Permission denied|Disk quota)/.test(line));
  return [cause, lines.at(-1)].filter((line) => line !== undefined).join('; ');
}

/** Runs git on an input and gives what it prints. Throws as `exitOf` does. */
export async function git(args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const child = startGit(args);
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  const ended = exitOf(child, args);
  child.stdin.end(input);
  await ended;
  return Buffer.concat(printed).toString('utf8');
}

/** A text that is safe to show: URLs in it lose user and password. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s]*@/gi, '$1');
}

/**
 * The options by which a repository on this machine is fetched from. Git runs its `upload-pack` there with the configuration of
 * that repository, and takes from its environment what keeps a repository from running programs (`git rev-parse
 * --local-env-vars`). So the command itself says it.
 */
export function uploadPack(source: string): string[] {
  if (!/^file:/i.test(source)) return [];
  const settings = RUNS_NOTHING.map(([key, value]) => `-c ${key}=${value}`).join(' ');
  return ['--upload-pack', `GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 git ${settings} upload-pack`];
}

/** What a storage may be fetched by. `ext` would run a command that the URL names. */
const REMOTE = 'file:git:http:https:ssh';

/**
 * The environment for git. It inherits nothing that points git at another repository (all of `git rev-parse
 * --local-env-vars` except the configuration). Git reads objects and not their replacements, asks no questions, prints
 * plain messages, and ignores the settings by which a repository makes it run a program (git-config(1)).
 */
function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([key]) => !LOCAL.test(key));
  const inherited = Number(process.env['GIT_CONFIG_COUNT'] ?? 0);
  const fixed = {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_CONFIG_COUNT: String(inherited + RUNS_NOTHING.length),
  };
  const settings = RUNS_NOTHING.flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${inherited + i}`, key],
    [`GIT_CONFIG_VALUE_${inherited + i}`, value],
  ]);
  return { ...Object.fromEntries(own), ...fixed, ...Object.fromEntries(settings) };
}

/** They take precedence over the configuration of a repository. */
const RUNS_NOTHING: readonly (readonly [key: string, value: string])[] = [
  ['core.hooksPath', devNull],
  ['core.fsmonitor', 'false'],
  ['core.alternateRefsCommand', 'true'],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['tag.forceSignAnnotated', 'false'],
  ['log.showSignature', 'false'],
];

const LOCAL =
  /^GIT_(DIR|WORK_TREE|IMPLICIT_WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE)$/;
