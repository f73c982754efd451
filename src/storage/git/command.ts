import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Stop } from '../../errors.ts';

const execute = promisify(execFile);

/**
 * The environment for git: nothing inherited that points it at another repository (of `git rev-parse --local-env-vars` all
 * but the configuration), objects as they are rather than their replacements, no questions, plain messages.
 */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([key]) => !LOCAL.test(key));
  const fixed = { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_NO_REPLACE_OBJECTS: '1' };
  return { ...Object.fromEntries(own), ...fixed };
}

const LOCAL =
  /^GIT_(DIR|WORK_TREE|IMPLICIT_WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE)$/;

/** Runs git and gives what it prints. Throws a `Stop` with git's own words where it fails or isn't installed. */
export async function git(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute('git', args, { env: gitEnvironment(), maxBuffer: 2 ** 30 });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Stop('no-git', 'git is not installed', 'install git 2.25 or newer');
    const command = withoutCredentials(`git ${args.join(' ')}`);
    throw new Stop('git-failed', `${command}: ${lastLine(stderr ?? String(error))}`, undefined, error);
  }
}

/** A text as it may be shown: the URLs in it without user and password. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s]*@/gi, '$1');
}

function lastLine(text: string): string {
  return withoutCredentials(text.trim().split('\n').at(-1) ?? '');
}
