import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnvironment, program, temporaryFolder } from '../support/cli.ts';
import { CONSOLE_PAGES, commandsIn, comparable, fits } from '../support/console.ts';
import type { Shown } from '../support/console.ts';
import { REPOSITORY } from '../support/source.ts';
import { zipMaker } from '../support/zips.ts';

/*
 * Pages run as they stand, one after the other, in a shell of their own. They say /tmp/demo for the folder and 8080 for the port.
 */

/** Commands that a person has to give by hand. */
const BY_HAND = /^gpg |\.asc /;

test('the tutorial, the air gap and the workflow print what they show', { timeout: 300_000 }, async () => {
  const shell = await startShell();
  const wrong: string[] = [];
  let ran = 0;
  for (const page of CONSOLE_PAGES) {
    shell.prepare(page);
    for (const shown of commandsIn(readFileSync(REPOSITORY + page, 'utf8'))) {
      if (BY_HAND.test(shown.command)) continue;
      const printed = await shell.run(shown.command);
      ran++;
      if (!fits(linesOf(printed), shown.output.map(comparable)))
        wrong.push(`${page}:${shown.line}: ${describe(shown, printed)}`);
    }
  }
  shell.stop();
  expect(wrong).toEqual([]);
  expect(ran).toBeGreaterThan(20);
});

function linesOf(printed: string): string[] {
  return printed === '' ? [] : printed.split('\n').map(comparable);
}

function describe({ command }: Shown, printed: string): string {
  return `$ ${command}\n${printed}`;
}

interface Shell {
  /** Makes what a page takes for granted. */
  prepare(page: string): void;
  /** Runs a command where the one before has left the shell; what it prints, with the names of the pages. */
  run(command: string): Promise<string>;
  stop(): void;
}

async function startShell(): Promise<Shell> {
  const root = temporaryFolder();
  const bin = join(root, 'bin');
  const demo = join(root, 'demo');
  mkdirSync(bin);
  mkdirSync(demo);
  chmodSync(program, 0o755);
  symlinkSync(program, join(bin, 'epr-static'));
  writeFileSync(join(root, 'gitconfig'), '[user]\n\tname = Your Name\n\temail = you@example.org\n');
  const port = await freePort();
  const own = { HOME: root, PATH: `${bin}:${process.env['PATH']}`, GIT_CONFIG_GLOBAL: join(root, 'gitconfig') };
  const env = { ...cleanEnvironment(), ...own };
  let folder = demo;
  let server: ReturnType<typeof spawn> | undefined;
  const named = (text: string): string => text.replaceAll(demo, '/tmp/demo').replaceAll(`:${port}`, ':8080').trimEnd();

  async function serve(command: string): Promise<string> {
    server = spawn('bash', ['-c', `exec ${command} --port ${port}`], { cwd: folder, env });
    let printed = '';
    server.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
    while (!printed.includes('Ctrl-C') && server.exitCode === null)
      await new Promise((resolve) => void setTimeout(resolve, 20));
    return named(printed);
  }

  return {
    prepare: (page) => {
      if (!page.endsWith('workflow.md')) return;
      folder = join(demo, 'my-registry');
      mkdirSync(join(demo, 'build'));
      writeFileSync(join(demo, 'build/acme-1.1.0.zip'), nextVersion(join(demo, 'my-registry/acme')));
    },
    run: async (command) => {
      if (command.includes(' serve ')) return await serve(command);
      const script = `${command.replaceAll(':8080', `:${port}`)}\nstatus=$?; pwd >&3; exit $status`;
      const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as const;
      // Both streams come as a terminal shows them.
      const done = spawnSync('bash', ['-c', `exec 2>&1\n${script}`], { cwd: folder, env, stdio: [...stdio] });
      folder = String(done.output[3] ?? '').trim() || folder;
      return named(String(done.stdout));
    },
    stop: () => void server?.kill(),
  };
}

/** The package of the tutorial in its next version, as a tool would zip it. */
function nextVersion(folder: string): Buffer {
  const manifest = readFileSync(join(folder, 'manifest.yml'), 'utf8').replace('version: 1.0.0', 'version: 1.1.0');
  const files = new Map<string, Uint8Array>([
    ['docs/README.md', readFileSync(join(folder, 'docs/README.md'))],
    ['manifest.yml', Buffer.from(manifest)],
  ]);
  return zipMaker(temporaryFolder()).make('acme-1.1.0', files)?.bytes ?? Buffer.alloc(0);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
