import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Columns } from '../queries/columns.ts';
import { answer } from './answer.ts';
import type { Request } from './answer.ts';
import { errorAnswer } from './response.ts';
import type { Answer, FileBody } from './response.ts';

/** A site's folder, as Node serves it. */
export interface NodeSite {
  /** Answers one HTTP request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

interface Index {
  readonly columns: Columns;
  readonly rows: Buffer;
}

/** Serves the site in `folder`; a site that is put in its place later is noticed within a second. */
export function nodeSite(folder: string): NodeSite {
  const index = indexLoader(folder);
  return {
    handle: async (incoming, response) => {
      try {
        await respond(folder, { incoming, response, index: await index() });
      } catch (error) {
        if (response.headersSent) response.destroy(error as Error);
        else send(errorAnswer(500, 'internal error'), response).end('internal error\n');
      }
    },
  };
}

async function respond(
  folder: string,
  { incoming, response, index }: { incoming: IncomingMessage; response: ServerResponse; index: Index | undefined },
): Promise<void> {
  const request = toRequest(incoming);
  const first = answer(request, index?.columns);
  const result = first.kind === 'lookup' ? first.answer(await readText(join(folder, first.path))) : first;
  const { body } = result;
  if (!body) send(result, response).end();
  else if (body.kind === 'text') send(result, response).end(body.text, 'latin1');
  else if (body.kind === 'file') await sendFile(folder, body, { request, result, response, index });
  else send(result, response).end(joinPieces(body.pieces, (index as Index).rows));
}

async function sendFile(
  folder: string,
  body: FileBody,
  known: { request: Request; result: Answer; response: ServerResponse; index: Index | undefined },
): Promise<void> {
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(body.path, 'latin1')]);
  const { response, result, index, request } = known;
  const file = await open(path).catch(() => undefined);
  if (!file) {
    const other = withoutFile(request, index);
    if (other.body?.kind === 'pieces') send(other, response).end(joinPieces(other.body.pieces, (index as Index).rows));
    else send(other, response).end(other.body?.kind === 'text' ? other.body.text : undefined);
    return;
  }
  try {
    send(result, response);
    if (body.start === body.end) response.end();
    else
      await pipeline(
        createReadStream('', { fd: file, start: body.start, end: body.end - 1, autoClose: false }),
        response,
      );
  } finally {
    await file.close();
  }
}

/** A file that the site should have is missing: a precomputed answer is composed, another file is a 404. */
function withoutFile(request: Request, index: Index | undefined): Answer {
  const columns = index && {
    ...index.columns,
    answers: { ...index.columns.answers, search: [], packages: [], categories: [] },
  };
  const other = answer(request, columns);
  return other.kind === 'answer' && other.body?.kind !== 'file' ? other : errorAnswer(404, 'resource not found');
}

function send(result: Answer, response: ServerResponse): ServerResponse {
  return response.writeHead(
    result.status,
    result.headers.flatMap(([name, value]) => [name, value]),
  );
}

function joinPieces(
  pieces: readonly (string | { readonly start: number; readonly end: number })[],
  rows: Buffer,
): Buffer {
  return Buffer.concat(
    pieces.map((piece) =>
      typeof piece === 'string' ? Buffer.from(piece, 'latin1') : rows.subarray(piece.start, piece.end),
    ),
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
function indexLoader(folder: string): () => Promise<Index | undefined> {
  let checked = 0;
  let identity = '';
  let current: Promise<Index | undefined> = Promise.resolve(undefined);
  const refresh = async (before: Promise<Index | undefined>): Promise<Index | undefined> => {
    const found = await stat(join(folder, '_registry/index.json')).catch(() => undefined);
    const now = found ? `${found.ino}-${found.mtimeMs}` : '';
    if (now === identity && now !== '') return await before;
    identity = now;
    return await loadIndex(folder);
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

async function loadIndex(folder: string): Promise<Index | undefined> {
  try {
    const names = JSON.parse(await readFile(join(folder, '_registry/index.json'), 'utf8')) as {
      columns: string;
      rows: string;
    };
    const [columnsText, rows] = await Promise.all([
      readFile(join(folder, '_registry', names.columns), 'utf8'),
      readFile(join(folder, '_registry', names.rows)),
    ]);
    const columns = JSON.parse(columnsText) as Columns;
    const isOneBuild =
      rows.length === columns.bytes && rows.toString('latin1', 0, columns.build.length + 1) === `${columns.build}\n`;
    return isOneBuild ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}
