import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { answer } from './answer.ts';
import type { Request } from './answer.ts';
import { fileMemory } from './memory.ts';
import { joinPieces, loadIndex } from './fetch.ts';
import type { Index } from './fetch.ts';
import { errorAnswer } from './response.ts';
import type { Answer, FileBody } from './response.ts';
import { withoutFile } from './without-file.ts';

/** A site's folder, as Node serves it. */
export interface NodeSite {
  /** Answers one HTTP request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Serves the site in `folder`; a site that is put in its place later is noticed within a second. */
export function nodeSite(folder: string): NodeSite {
  const memory = fileMemory(MEMORY);
  const site: Site = {
    folder,
    index: indexLoader(folder, () => memory.clear()),
    small: (path) => memory.get(path, () => readFile(place(folder, path)).catch(() => undefined)),
  };
  return {
    handle: async (incoming, response) => {
      try {
        await respond(site, toRequest(incoming), response);
      } catch (error) {
        if (response.headersSent) response.destroy(error as Error);
        else send(errorAnswer(500, 'internal error'), response).end('internal error\n');
      }
    },
  };
}

/** Bytes of files kept in memory. */
const MEMORY = 128 * 2 ** 20;
/** Up to here a file is read whole, and kept; beyond it is streamed. */
const SMALL = 4 * 2 ** 20;

interface Site {
  readonly folder: string;
  index(): Promise<Index | undefined>;
  /** A small file, from memory where it was asked for before. */
  small(path: string): Promise<Buffer | undefined>;
}

async function respond(site: Site, request: Request, response: ServerResponse): Promise<void> {
  const index = await site.index();
  const first = answer(request, index?.columns);
  const result = first.kind === 'lookup' ? first.answer((await site.small(first.path))?.toString('utf8')) : first;
  if (result.body?.kind !== 'file') sendMade(result, index, response);
  else if (!(await sendFile(site, { result, body: result.body }, response)))
    sendMade(withoutFile(request, index?.columns), index, response);
}

/** Sends an answer that needs no file. */
function sendMade(result: Answer, index: Index | undefined, response: ServerResponse): void {
  const { body } = result;
  send(result, response);
  if (body?.kind === 'text') response.end(body.text, 'latin1');
  else if (body?.kind === 'pieces' && index) response.end(joinPieces(body.pieces, index.rows));
  else response.end();
}

/** Sends a file, or a range of it; false where the site lacks it, or has another in its place by now. */
async function sendFile(
  { folder, small }: Site,
  { result, body }: { result: Answer; body: FileBody },
  response: ServerResponse,
): Promise<boolean> {
  if (body.size <= SMALL) {
    const bytes = await small(body.path);
    if (bytes?.length !== body.size) return false;
    send(result, response).end(bytes.subarray(body.start, body.end));
    return true;
  }
  const file = await open(place(folder, body.path)).catch(() => undefined);
  try {
    if (!file || (await file.stat()).size !== body.size) return false;
    send(result, response);
    await pipeline(
      createReadStream('', { fd: file, start: body.start, end: body.end - 1, autoClose: false }),
      response,
    );
    return true;
  } finally {
    await file?.close();
  }
}

/** Paths are byte strings. */
function place(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
}

function send(result: Answer, response: ServerResponse): ServerResponse {
  return response.writeHead(
    result.status,
    result.headers.flatMap(([name, value]) => [name, value]),
  );
}

/** Node gives the request line as a byte string already. */
function toRequest({ method = 'GET', url = '/', headers }: IncomingMessage): Request {
  const mark = url.indexOf('?');
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? undefined : url.slice(mark + 1),
    range: headers.range,
    ifRange: headers['if-range'] as string | undefined,
    ifNoneMatch: headers['if-none-match'],
  };
}

/** Gives the current index; undefined where it is missing, broken, or of two builds. */
function indexLoader(folder: string, onChange: () => void): () => Promise<Index | undefined> {
  let checked = 0;
  let identity = '';
  let current: Promise<Index | undefined> = Promise.resolve(undefined);
  const refresh = async (before: Promise<Index | undefined>): Promise<Index | undefined> => {
    const found = await stat(join(folder, '_registry/index.json')).catch(() => undefined);
    const now = found ? `${found.ino}-${found.mtimeMs}` : '';
    if (now === identity && now !== '') return await before;
    identity = now;
    onChange();
    return await loadIndex({ bytes: (path) => readFile(join(folder, path)).catch(() => undefined) });
  };
  return () => {
    if (Date.now() - checked >= RECHECK) {
      checked = Date.now();
      current = refresh(current);
    }
    return current;
  };
}

/** Milliseconds. */
const RECHECK = 1000;
