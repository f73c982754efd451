import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Mirrored, Mirroring } from '../../src/mirror/mirroring.ts';
import { cleanEnvironment } from './cli.ts';

/** How a run in a process of its own ended. */
export interface MirrorRun {
  /** Null where a signal ended it. */
  readonly status: number | null;
  /** Undefined where it did not end well. */
  readonly mirrored: Mirrored | undefined;
  /** Of the stop that ended it, or of an error of the system. */
  readonly message: string | undefined;
  readonly stderr: string;
}

/** Mirrors everything of a registry into a cache, in a process of its own with these variables added to a clean environment. */
export async function mirrorApart(
  options: Partial<Mirroring> & Pick<Mirroring, 'registry' | 'cache'>,
  env: Readonly<Record<string, string>> = {},
): Promise<MirrorRun> {
  const script = fileURLToPath(new URL('mirror-run.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    env: { ...cleanEnvironment(), NETRC: '/nowhere', ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const said = JSON.parse(stdout || '{}') as Partial<Mirrored> & { readonly error?: { readonly message: string } };
  const { held, report, findings = [], error } = said;
  return { status, stderr, mirrored: held && report && { held, report, findings }, message: error?.message };
}
