import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpClient } from '../support/implementations.ts';
import type { Running } from '../support/implementations.ts';

/** What is used of Cloudflare's local runtime, workerd and its asset server. */
export interface MiniflareKit {
  readonly Miniflare: new (options: object) => { readonly ready: Promise<URL>; dispose(): Promise<void> };
}

/** Starts what `wrangler deploy` would publish from a folder that the target has written, on a free port. */
export async function startWorker({ Miniflare }: MiniflareKit, hostFolder: string): Promise<Running> {
  const config = readWranglerConfig(hostFolder);
  const { directory, binding, run_worker_first: isWorkerFirst, ...assetConfig } = config.assets;
  const runtime = new Miniflare({
    host: '127.0.0.1',
    name: config.name,
    modules: true,
    modulesRoot: hostFolder,
    scriptPath: join(hostFolder, config.main),
    compatibilityDate: config.compatibility_date,
    assets: {
      directory: join(hostFolder, directory),
      binding,
      routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: isWorkerFirst },
      assetConfig,
    },
  });
  const client = httpClient(String(await runtime.ready));
  return {
    ask: client.ask,
    stop: async () => {
      client.close();
      await runtime.dispose();
    },
  };
}

interface WranglerConfig {
  readonly name: string;
  readonly main: string;
  readonly compatibility_date: string;
  readonly assets: {
    readonly directory: string;
    readonly binding: string;
    readonly run_worker_first: boolean;
    readonly html_handling: string;
    readonly not_found_handling: string;
  };
}

export function readWranglerConfig(hostFolder: string): WranglerConfig {
  const text = readFileSync(join(hostFolder, 'wrangler.jsonc'), 'utf8');
  return JSON.parse(text.replace(/^\/\/.*\n/, '')) as WranglerConfig;
}
