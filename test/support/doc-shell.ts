import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanEnvironment, program } from './cli.ts';

/* A shell for the commands of documents, in which `epr-static` is this program. */

export interface Ended {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly printed: string;
}

export interface DocShell {
  /** Runs a line where the one before has left the shell. */
  run(line: string): Promise<Ended>;
  /** Where it is. */
  folder(): string;
  enter(folder: string): void;
  /** Starts a server, waits until it is up or has ended, and ends it by SIGTERM. Its exit status, and what it printed. */
  runServer(line: string, isUp: (printed: string) => boolean): Promise<Ended>;
}

/** A shell whose home is `root`. `scripts` are programs that it finds by name. */
export function docShell(
  root: string,
  environment: Readonly<Record<string, string>>,
  scripts: Readonly<Record<string, string>>,
): DocShell {
  const bin = join(root, 'bin');
  mkdirSync(bin);
  chmodSync(program, 0o755);
  symlinkSync(program, join(bin, 'epr-static'));
  for (const [name, text] of Object.entries(scripts))
    writeFileSync(join(bin, name), `#!/bin/bash\nset -e\n${text}`, { mode: 0o755 });
  const clean = cleanEnvironment();
  const env = { ...clean, HOME: root, XDG_CACHE_HOME: join(root, 'caches'), ...environment };
  const options = (): ShellOptions => ({ cwd: folder, env: { ...env, PATH: `${bin}:${clean['PATH']}` } });
  let folder = root;
  return {
    folder: () => folder,
    enter: (to) => void (folder = to),
    // Lines wait for stand-ins of this process, so they must not block it.
    run: async (line) =>
      await new Promise((resolve) => {
        const script = `exec 2>&1\n${line}\nstatus=$?; pwd > ${root}/pwd; exit $status`;
        execFile('bash', ['-c', script], options(), (error, printed) => {
          folder = readFileSync(join(root, 'pwd'), 'utf8').trimEnd();
          resolve({ status: error ? Number(error.code ?? 1) : 0, printed });
        });
      }),
    runServer: async (line, isUp) => {
      const child = spawn('bash', ['-c', `exec 2>&1; exec ${line}`], options());
      return await untilUp(child, isUp);
    },
  };
}

interface ShellOptions {
  readonly cwd: string;
  readonly env: Record<string, string>;
}

async function untilUp(child: ChildProcess, isUp: (printed: string) => boolean): Promise<Ended> {
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  const ended = new Promise<number | null>((resolve) => void child.on('close', resolve));
  while (child.exitCode === null && !isUp(printed)) await pause(20);
  child.kill('SIGTERM');
  return { status: await ended, printed };
}
