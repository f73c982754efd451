import type { FileBody } from '../../core/response.ts';
import { answerRequest, orFailure } from '../fetch/handler.ts';
import { loadIndexOrLog } from '../fetch/index.ts';
import type { Index } from '../fetch/index.ts';
import { UnreadableFile } from '../fetch/site-files.ts';
import type { Log, SiteFiles } from '../fetch/site-files.ts';
import { cloudflarePath } from './path.ts';

/*
 * The registry as a Cloudflare Worker that runs before its static assets (`run_worker_first`). The asset server ignores
 * `Range` and has its own types, cache times and redirects, so the Worker takes only bytes from it.
 */

interface Environment {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

/** A class of workerd: a stream with a `Content-Length`. It fails if the bytes are not as many as announced. */
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;

// oxlint-disable-next-line no-console -- the Worker's log
const log: Log = (line) => console.error(line);

/**
 * The site never changes under a Worker. It keeps the index and not a promise of it: in workerd, a request that ends early cancels its
 * promises.
 */
let index: Index | undefined;

export default {
  async fetch(request: Request, { ASSETS }: Environment): Promise<Response> {
    const files = assetFiles(ASSETS);
    return await orFailure(log, async () =>
      answerRequest(request, { files, index: (index ??= await loadIndexOrLog(files, log)) }),
    );
  },
};

function assetFiles(assets: Environment['ASSETS']): SiteFiles {
  const open = async (path: string): Promise<ReadableStream<Uint8Array> | undefined> => {
    const { status, body } = await assets.fetch(`https://assets.local/${path}`).catch((error: unknown) => {
      throw new UnreadableFile(path, error);
    });
    if (status === 200 && body) return body;
    await body?.cancel();
    if (status !== 404) throw new UnreadableFile(path, `the assets answer ${status}`);
    return undefined;
  };
  return {
    bytes: async (path) => {
      const body = await open(cloudflarePath(path, ''));
      return body && new Uint8Array(await new Response(body).arrayBuffer());
    },
    range: async (file) => {
      const body = await open(cloudflarePath(file.path, file.digest));
      return body && part(body, file);
    },
  };
}

/** Streams the requested bytes of a file as they arrive. */
function part(source: ReadableStream<Uint8Array>, file: FileBody): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(file.end - file.start);
  const isWhole = file.end - file.start === file.size;
  // An error here fails the readable side too, and with it the answer.
  (isWhole ? source.pipeTo(writable) : copyPart(source, writable, file)).catch(() => undefined);
  return readable;
}

async function copyPart(
  source: ReadableStream<Uint8Array>,
  target: WritableStream<Uint8Array>,
  { start, end }: FileBody,
): Promise<void> {
  const reader = source.getReader({ mode: 'byob' });
  const writer = target.getWriter();
  let buffer = new ArrayBuffer(CHUNK);
  try {
    for (let at = 0; at < end;) {
      const { value } = await reader.read(new Uint8Array(buffer), { min: CHUNK });
      if (!value?.length) break;
      const from = Math.max(start - at, 0);
      const to = Math.min(end - at, value.length);
      if (from < to) await writer.write(value.subarray(from, to));
      at += value.length;
      buffer = value.buffer;
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error);
  } finally {
    await reader.cancel();
  }
}

/** The number of bytes in one read. Larger reads take less CPU time. */
const CHUNK = 2 ** 18;
