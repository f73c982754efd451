import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Stop } from '../errors.ts';

const execute = promisify(execFile);

/** The environment for git: nothing inherited that points it at another repository, no questions, plain messages. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([key]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|PREFIX)$/.test(key),
  );
  return { ...Object.fromEntries(own), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
}

/** Runs git and gives what it prints. Throws a `Stop` with git's own words where it fails or isn't installed. */
export async function git(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute('git', args, { env: gitEnvironment(), maxBuffer: 2 ** 30 });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Stop('no-git', 'git is not installed', 'install git 2.25 or newer');
    throw new Stop('git-failed', `git ${args.join(' ')}: ${lastLine(stderr ?? String(error))}`, undefined, error);
  }
}

/** A URL as it may be shown: without user and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

function lastLine(text: string): string {
  return withoutCredentials(text.trim().split('\n').at(-1) ?? '');
}
