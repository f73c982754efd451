import type { fetchHandler } from '../../src/hosts/fetch/handler.ts';
import type { folderFiles } from '../../src/hosts/fetch/folder-files.ts';

/*
 * Run by Deno: serves what its arguments name, and prints the port.
 *
 *     netlify <bundle of the edge function> <folder of the deployed files>
 *     folder <lib/> <folder of a site>
 */

/** What is used of Deno. */
declare const Deno: {
  readonly args: readonly [kind: string, code: string, folder: string];
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  serve(options: { port: number; hostname: string; onListen(at: { port: number }): void }, handler: Handler): unknown;
};

type Handler = (request: Request) => Promise<Response>;

const [kind, code, folder] = Deno.args;
const handler = kind === 'netlify' ? await netlify() : await overFolder();
Deno.serve(
  // oxlint-disable-next-line no-console -- how the test learns the port
  { port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(port) },
  handler,
);

async function netlify(): Promise<Handler> {
  const { default: registry } = (await import(`file://${code}`)) as {
    default(request: Request, context: { next: Handler }): Promise<Response>;
  };
  return (request) => registry(request, { next: deployed });
}

/** The deployed files as the CDN behind an edge function has them: single ranges, and its own page for what is missing. */
async function deployed(request: Request): Promise<Response> {
  const path = decodeURIComponent(new URL(request.url).pathname);
  const bytes = await Deno.readFile(`${folder}${path}`).catch(() => undefined);
  if (!bytes) return new Response('<h1>Page not found</h1>', { status: 404, headers: { 'Content-Type': 'text/html' } });
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('Range') ?? '') ?? [];
  if (start === undefined || end === undefined) return new Response(bytes);
  return new Response(bytes.slice(Number(start), Number(end) + 1), { status: 206 });
}

/** The handler that the package exports for hosts with a file system. */
async function overFolder(): Promise<Handler> {
  const edge = (await import(`file://${code}/hosts/fetch/handler.js`)) as { fetchHandler: typeof fetchHandler };
  const files = (await import(`file://${code}/hosts/fetch/folder-files.js`)) as { folderFiles: typeof folderFiles };
  // oxlint-disable-next-line no-console -- the log of the host
  return edge.fetchHandler(files.folderFiles(folder), console.error);
}
