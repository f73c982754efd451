import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { httpClient } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';

const DENO_KIT = '@deno/linux-x64-glibc';
const NETLIFY_KIT: string = '@netlify/dev';
const here = (path: string): string => new URL(path, import.meta.url).pathname;

/** The program `deno`; undefined where its package isn't installed. */
export function denoProgram(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${DENO_KIT}/package.json`)), 'deno');
  } catch (error) {
    return missing(DENO_KIT, error);
  }
}

function missing(kit: string, error: unknown): undefined {
  if (process.env['EPR_STATIC_HOSTS'] === 'required') throw error;
  process.stderr.write(`\nSKIPPED: what needs ${kit}: npm ci --prefix test/hosts installs it.\n\n`);
  return undefined;
}

/** Starts the edge function that the target has put into a folder, over the files beside it, under `Deno.serve`. */
export async function startEdgeFunction(deno: string, hostFolder: string): Promise<Running> {
  return await startDeno(deno, ['netlify', join(hostFolder, 'edge-functions/registry.js'), join(hostFolder, 'site')]);
}

/** Starts the handler that the package exports, over a site's folder, under `Deno.serve`. */
export async function startFetchHandler(deno: string, folder: string): Promise<Running> {
  return await startDeno(deno, ['folder', here('../../lib'), folder]);
}

async function startDeno(deno: string, args: readonly [string, string, string]): Promise<Running> {
  const allowed = [here('../..'), dirname(args[1]), args[2]].join(',');
  const flags = ['run', '--quiet', '--no-config', '--no-lock', '--no-remote', `--allow-read=${allowed}`];
  const child = spawn(deno, [...flags, '--allow-net=127.0.0.1', here('deno-host.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const port = await Promise.race([
    new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()))),
    ended.then(() => Promise.reject(new Error('deno ended before it listened'))),
  ]);
  const client = httpClient(`http://127.0.0.1:${port}`);
  return {
    ask: client.ask,
    stop: async () => {
      client.close();
      child.kill();
      await ended;
    },
  };
}

/** What is used of Netlify's own emulation of its platform. */
export interface NetlifyKit {
  readonly NetlifyDev: new (options: object) => {
    start(): Promise<{ serverAddress: string | undefined }>;
    handle(request: Request): Promise<Response | undefined>;
    stop(): Promise<void>;
  };
}

const OFF = { enabled: false };

/** Netlify's emulation; undefined where its package isn't installed. */
export async function netlifyKit(): Promise<NetlifyKit | undefined> {
  return await (import(NETLIFY_KIT) as Promise<NetlifyKit>).catch((error: unknown) => missing(NETLIFY_KIT, error));
}

/** Starts Netlify's emulation over a folder with a `netlify.toml`. `options` as `NetlifyDev` has them. */
export async function startNetlifyDev(
  { NetlifyDev }: NetlifyKit,
  {
    projectRoot,
    deno,
    ...options
  }: { projectRoot: string; deno: string; edgeFunctions?: object; serverAddress?: string },
): Promise<Running> {
  const { PATH } = process.env;
  const { fetch } = globalThis;
  process.env['PATH'] = [dirname(deno), PATH].join(delimiter);
  // The emulation asks the function by `fetch`, which would follow a redirect; the platform hands it to the client.
  globalThis.fetch = (input, init) => fetch(new Request(input, init), { redirect: 'manual' });
  const features = { aiGateway: OFF, blobs: OFF, database: OFF, functions: OFF, geolocation: OFF, images: OFF };
  const platform = new NetlifyDev({
    projectRoot,
    skipGitignore: true,
    environmentVariables: OFF,
    ...features,
    ...options,
  });
  const { serverAddress = 'http://localhost' } = await platform.start();
  return {
    ask: async (method, target, headers) => {
      const response = await platform.handle(new Request(`${serverAddress}${target}`, { method, headers }));
      if (!response) throw new Error(`nothing answers ${method} ${target}`);
      const body = Buffer.from(await response.arrayBuffer());
      const given = Object.fromEntries(response.headers.entries());
      return { status: response.status, headers: { 'content-length': String(body.length), ...given }, body };
    },
    stop: async () => {
      await platform.stop();
      globalThis.fetch = fetch;
      process.env['PATH'] = PATH;
    },
  };
}
