import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run, temporaryFolder } from '../support/cli.ts';
import { distributions, packageFiles, under, writeFiles } from '../support/repository.ts';
import { REPOSITORY } from '../support/source.ts';

/*
 * The last stage of deploy/Dockerfile without a daemon: its program, installed as its first stage does it, below a root of its own that nobody
 * can write, as its user, with its environment, its entry point and its health check. Base images come from a registry that tests don't ask,
 * so this machine's libraries stand in for them. It needs root, `unshare` and npm's registry.
 */

const folder = temporaryFolder();
const port = 18_080 + (process.pid % 1000);
const isReady = prepare();

function prepare(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status !== 0)
    return skip('no root of its own can be made here');
  const reason = install();
  if (reason === undefined) return true;
  if (process.env['EPR_STATIC_HOSTS'] === 'required') throw new Error(reason);
  return skip(reason);
}

function skip(reason: string): false {
  process.stderr.write(`\nSKIPPED: the last stage of deploy/Dockerfile: ${reason}\n\n`);
  return false;
}

/** As the first stage does it. Returns why it can't. */
function install(): string | undefined {
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: REPOSITORY });
  const options =
    '--global --prefix installed --omit=dev --no-audit --no-fund --prefer-offline --fetch-retries=1 --fetch-timeout=60000';
  const { status, stderr } = spawnSync('sh', ['-c', `npm install ${options} ./epr-static-*.tgz`], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) return stderr;
  copyFileSync(process.execPath, join(folder, 'installed/bin/node'));
  return undefined;
}

/** What an instruction of the last stage says. */
function instruction(name: string): string {
  const last =
    readFileSync(join(REPOSITORY, 'deploy/Dockerfile'), 'utf8')
      .split(/^FROM /m)
      .at(-1) ?? '';
  return new RegExp(`^${name} (.*)$`, 'm').exec(last)?.[1] ?? '';
}

const words = (name: string): string[] => JSON.parse(instruction(name).replace(/^.*?CMD (?=\[)/, '')) as string[];

/** Binds what a base image has, all of it read-only; `$1` is the new root, `$2` the user. */
const ENTER = `set -e
root=$1; user=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
for name in usr lib lib64 bin etc; do
  [ -e "/$name" ] || continue
  mkdir -p "$root/$name"
  mount --bind "/$name" "$root/$name"
done
mount --bind "$root/../installed" "$root/usr/local"
for name in usr/local usr lib lib64 bin etc .; do
  ! mountpoint -q "$root/$name" || mount -o remount,bind,ro "$root/$name"
done
exec chroot --userspec="$user" "$root" "$@"
`;

function inside(command: readonly string[]): { file: string; args: string[]; env: Record<string, string> } {
  const root = join(folder, 'root');
  const env = {
    PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    [instruction('ENV').split('=')[0] ?? '']: instruction('ENV').split('=')[1]?.replace('8080', String(port)) ?? '',
  };
  const args = [
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    ENTER,
    'sh',
    root,
    instruction('USER'),
    ...command,
  ];
  return { file: 'unshare', args, env };
}

function exec(command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { file, args, env } = inside(command);
  const { status, stdout, stderr } = spawnSync(file, args, { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe.skipIf(!isReady)('the last stage of deploy/Dockerfile', () => {
  test(
    'serves the site at /site, is healthy, can write nowhere, and ends at SIGTERM',
    { timeout: 120_000 },
    async () => {
      writeFiles(folder, {
        'content/distributions.yml': distributions('../storage', ['one']),
        ...under('storage/one/packages', packageFiles('acme', '1.0.0')),
      });
      expect(await run(['build', '--dist', 'all', '--out', 'root'], { cwd: folder })).toMatchObject({ status: 0 });
      execFileSync('mv', [join(folder, 'root/all'), join(folder, 'root/site')]);
      mkdirSync(join(folder, 'root/tmp'));

      const { file, args, env } = inside([...words('ENTRYPOINT'), ...words('CMD')]);
      const server = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      const [greeting] = (await Promise.race([once(server.stdout, 'data'), once(server, 'exit')])) as [Buffer];
      expect(String(greeting)).toContain(`Serving /site at http://0.0.0.0:${port}`);
      expect(await (await fetch(`http://127.0.0.1:${port}/search`)).json()).toHaveLength(1);

      const health = words('HEALTHCHECK').map((word) => word.replace('8080', String(port)));
      expect(exec(health)).toMatchObject({ status: 0, stderr: '' });
      expect(exec(health.map((word) => word.replace('/health', '/none')))).toMatchObject({ status: 1 });
      const writing =
        "for (const at of ['/x', '/tmp/x', '/site/x', '/usr/local/x']) try { fs.writeFileSync(at, ''); console.log(at) } catch {}";
      expect(exec(['node', '-e', writing])).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(exec(['node', '-p', 'process.getuid() + ":" + process.getgid()']).stdout.trim()).toBe(instruction('USER'));

      const node = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim();
      process.kill(Number(node), instruction('STOPSIGNAL') as NodeJS.Signals);
      expect(await once(server, 'exit')).toEqual([0, null]);
    },
  );
});
