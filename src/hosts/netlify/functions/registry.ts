import type { FileBody } from '../../../core/response.ts';
import { answerRequest, orFailure } from '../../fetch/handler.ts';
import { loadIndexOrLog } from '../../fetch/index.ts';
import type { Index } from '../../fetch/index.ts';
import { UnreadableFile } from '../../fetch/site-files.ts';
import type { Log, SiteFiles } from '../../fetch/site-files.ts';
import { netlifyPath } from '../path.ts';

/*
 * The registry as a Netlify edge function in front of the deployed files. It answers everything itself, because
 * redirect rules can't decide a query and header rules don't know the sniffed type of a file. Netlify bundles this
 * file, or `build --target netlify` puts the compiled bundle beside a site.
 * https://docs.netlify.com/build/edge-functions/api/
 */

/** The part of Netlify's context that this function uses. */
interface Context {
  /** Passes a request on to the deployed files, behind all edge functions. */
  next(request: Request): Promise<Response>;
  readonly site?: { readonly id?: string };
  readonly deploy?: { readonly id?: string };
}

// oxlint-disable-next-line no-console -- Netlify's log of the function
const log: Log = (line) => console.error(line);

export const config = { path: '/*', onError: 'fail' };

/** The site of the last deploy that was asked. Equal functions of two deploys may share a process. */
let known: { readonly deploy: string; readonly index: Index } | undefined;

export default async function registry(request: Request, context: Context): Promise<Response> {
  const files = deployedFiles(request.url, context);
  return await orFailure(log, async () =>
    answerRequest(request, { files, index: await indexOf(context, files), hidesCodings: true }),
  );
}

async function indexOf({ site, deploy }: Context, files: SiteFiles): Promise<Index | undefined> {
  const current = `${site?.id} ${deploy?.id}`;
  if (known?.deploy === current) return known.index;
  const index = await loadIndexOrLog(files, log);
  if (index) known = { deploy: current, index };
  return index;
}

function deployedFiles(base: string, context: Context): SiteFiles {
  const open = async (path: string, headers: Record<string, string>): Promise<Response | undefined> => {
    // Without `identity`, the CDN may send a compressed form, which has other ranges.
    const request = new Request(new URL(`/${path}`, base), { headers: { ...headers, 'Accept-Encoding': 'identity' } });
    const response = await context.next(request).catch((error: unknown) => {
      throw new UnreadableFile(path, error);
    });
    if (response.status === 200 || response.status === 206) return response;
    await response.body?.cancel();
    if (response.status !== 404) throw new UnreadableFile(path, `Netlify answers ${response.status}`);
    return undefined;
  };
  return {
    bytes: async (path) => {
      const response = await open(path, {});
      return response && new Uint8Array(await response.arrayBuffer());
    },
    range: async (file) => {
      const isWhole = file.end - file.start === file.size;
      const path = netlifyPath(file.path, file.digest);
      const response = await open(path, isWhole ? {} : { Range: `bytes=${file.start}-${file.end - 1}` });
      if (!response?.body) return undefined;
      return isWhole || response.status === 206 ? response.body : response.body.pipeThrough(part(file));
    },
  };
}

/** The requested part of a file, if something on the way ignored `Range`, as the development server does. */
function part({ start, end }: FileBody): TransformStream<Uint8Array, Uint8Array> {
  let at = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      const kept = chunk.subarray(Math.max(start - at, 0), Math.max(end - at, 0));
      at += chunk.length;
      if (kept.length > 0) controller.enqueue(kept);
      if (at >= end) controller.terminate();
    },
  });
}
