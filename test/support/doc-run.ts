import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/bench-servers.ts';
import { hasNginx } from '../hosts/nginx-host.ts';
import { startStandIn } from './cdn.ts';
import { makeCertificate } from './certificates.ts';
import { startServer, temporaryFolder } from './cli.ts';
import type { ShellBlock } from './doc-lines.ts';
import { runsHere } from './doc-sessions.ts';
import type { Session } from './doc-sessions.ts';
import { docShell } from './doc-shell.ts';
import type { DocShell, Ended } from './doc-shell.ts';
import { packageFiles, under, writeFiles } from './repository.ts';
import { makeSigner } from './signatures.ts';
import { BUCKET, startVersitygw } from './versitygw.ts';

/*
 * Runs the commands of a document as they stand, in order. Only what a reader replaces is replaced: the bucket, the addresses of the object
 * store and of the site, ports, folders of the machine.
 */

const CONFIG = `registry: 1.40.1
storage: ../../storage
layers: { main: {} }
distributions:
  production: { layers: [main], artifacts: true, cache: { index: 0 } }
  staging: { layers: [main] }
  snapshot: { layers: [main] }
`;

/** Adds a version of a package to the storage, and builds again. */
const NEW_VERSION = `cd "$HOME/work"
n=$(ls ../storage/main/packages/acme | wc -l)
cp -r ../storage/main/packages/acme/1.0.0 ../storage/main/packages/acme/1.$n.0
sed -i "s/1\\.0\\.0/1.$n.0/" ../storage/main/packages/acme/1.$n.0/manifest.yml
epr-static build --dist production "$@"
`;

/** Gives what went wrong: commands, and what they printed. */
export async function runSession(session: Session, blocks: readonly ShellBlock[]): Promise<string[]> {
  const place = await openPlace(session);
  try {
    const wrong: string[] = [];
    const attempt = async (line: string, kind: ShellBlock['kind'] = 'lines'): Promise<void> => {
      const text = await place.local(line);
      const { status, printed } = await runLine(place, text);
      // A monitor that runs by the clock speaks only when something is wrong.
      const isGood = status === 0 && (kind !== 'cron' || printed === '');
      if (!isGood) wrong.push(`${text}\n${printed}`);
    };
    for (const line of ['cd work && epr-static build --dist production', ...(session.start ?? [])]) await attempt(line);
    const start = place.shell.folder();
    for (const block of blocks) {
      place.shell.enter(start);
      for (const line of block.commands.filter(runsHere)) {
        for (const [next, before] of Object.entries(session.between ?? {}))
          if (line.startsWith(next)) await attempt(before);
        await attempt(line, block.kind);
      }
    }
    return wrong;
  } finally {
    await place.close();
  }
}

interface Place {
  readonly shell: DocShell;
  readonly port: number;
  /** A command as a reader writes it here. */
  local(line: string): Promise<string>;
  close(): Promise<void>;
}

async function openPlace(session: Session): Promise<Place> {
  const root = temporaryFolder();
  await fill(root);
  const [store, cdn] = session.hasBucket ? [await startVersitygw(), await startStandIn()] : [];
  const env = { ...store?.env, ...(store && { AWS_ENDPOINT_URL_S3: store.endpoint }), ...cdnSettings(cdn?.address) };
  const port = await freePort();
  let live: Awaited<ReturnType<typeof startServer>> | undefined;
  const here = (line: string): string =>
    line
      .replaceAll('s3://packages/', `s3://${BUCKET}/`)
      .replaceAll(/http:\/\/127\.0\.0\.1:7070|https:\/\/ACCOUNT\.r2\.cloudflarestorage\.com/g, String(store?.endpoint))
      .replaceAll(/(?<=^| |=)\/(?=(srv|tmp|media)\/)/g, `${root}/`)
      .replace(' --target nginx', ` --target nginx --port ${port}`);
  return {
    shell: docShell(root, env, { 'new-version': NEW_VERSION }),
    port,
    local: async (line) => {
      // A CDN purges by the public name of the site.
      if (!line.includes(SITE) || line.includes('--purge')) return here(line);
      live ??= await startServer((session.live ?? []).map(here), { cwd: join(root, 'work'), env });
      return here(line.replaceAll(SITE, live.url));
    },
    close: async () => {
      await live?.stop();
      await cdn?.stop();
      store?.stop();
    },
  };
}

const SITE = 'https://packages.example.org';

function cdnSettings(address: string | undefined): Record<string, string> {
  if (address === undefined) return {};
  return { CLOUDFLARE_API_BASE_URL: address, CLOUDFLARE_API_TOKEN: 'token', CLOUDFLARE_ZONE_ID: 'zone' };
}

/** A storage, its configuration, a certificate and a key for signatures. */
async function fill(root: string): Promise<void> {
  for (const folder of ['srv', 'tmp', 'media/usb']) mkdirSync(join(root, folder), { recursive: true });
  writeFiles(root, {
    'work/content/distributions.yml': CONFIG,
    ...under('storage/main/packages', packageFiles('acme', '1.0.0'), packageFiles('other', '1.0.0')),
    'maintainers.asc': (await makeSigner()).publicKey,
  });
  makeCertificate(root, 'certificate');
}

/** Runs a command to its end; a server, until it answers. */
async function runLine({ shell, port }: Place, line: string): Promise<Ended> {
  if (line.startsWith('nginx ')) {
    if (!hasNginx()) return { status: 0, printed: '' };
    // Only root must say who the workers are.
    const options = process.getuid?.() === 0 ? "-g 'user root;'" : '';
    const isUp = (): boolean => isHealthy(`http://localhost:${port}`);
    return await shell.runServer(line.replace('nginx ', `nginx ${options} `), isUp);
  }
  if (!line.startsWith('epr-static serve ')) return await shell.run(line);
  return await shell.runServer(line.replace(' serve ', ' serve --port 0 '), saysItServes);
}

function saysItServes(printed: string): boolean {
  return isHealthy(/ at (https?:\S+)[^]*Ctrl-C/.exec(printed)?.[1]);
}

function isHealthy(url: string | undefined): boolean {
  const options = ['--insecure', '--fail', '--silent', '--max-time', '10'];
  return url !== undefined && spawnSync('curl', [...options, `${url}/health`]).status === 0;
}
