import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Log } from '../fetch/site-files.ts';
import { storeHandler } from '../fetch/store-handler.ts';
import { bucketReader } from './bucket-reader.ts';

/*
 * The registry as an AWS Lambda function over a store in S3, behind a function URL. Events have the payload format 2.0:
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html. The environment says where the store is (STORE, and ENDPOINT where it isn't on AWS); Lambda itself
 * puts the credentials of the function's role there.
 */

/** What is used of an event. */
export interface FunctionUrlEvent {
  /** With its escapes, as the client sent it. */
  readonly rawPath: string;
  readonly rawQueryString: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly http: { readonly method: string } };
}

export interface FunctionUrlAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64. */
  readonly body: string;
  readonly isBase64Encoded: true;
}

/** What the runtime of Lambda has for functions that stream: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html */
interface LambdaStreaming {
  streamifyResponse(answer: (event: FunctionUrlEvent, stream: Writable) => Promise<void>): unknown;
  readonly HttpResponseStream: {
    from(stream: Writable, head: Pick<FunctionUrlAnswer, 'statusCode' | 'headers'>): Writable;
  };
}

// oxlint-disable-next-line no-console -- the log of the function
const log: Log = (line) => console.error(line);

/** The most bytes of a body that an answer holds: Lambda takes 6 MB of JSON, and base64 is a third longer. */
const MOST_BUFFERED = 4_500_000;

const runtime = (globalThis as { readonly awslambda?: LambdaStreaming }).awslambda;

/** For a function URL with the invoke mode RESPONSE_STREAM: up to 200 MB. */
export const handler = runtime?.streamifyResponse(async (event, stream) => {
  const response = await answer(event);
  const out = runtime.HttpResponseStream.from(stream, headOf(response));
  out.write(''); // sends the head, also where nothing follows
  if (response.body) await pipeline(Readable.fromWeb(response.body as WebStream), out);
  else out.end();
});

/** For the invoke mode BUFFERED. A body that is too large for it is a 503, and the log says so. */
export async function buffered(event: FunctionUrlEvent): Promise<FunctionUrlAnswer> {
  const response = await answer(event);
  const body = Buffer.from(await response.arrayBuffer());
  if (body.length <= MOST_BUFFERED)
    return { ...headOf(response), body: body.toString('base64'), isBase64Encoded: true };
  log(`${event.rawPath} has ${body.length} bytes: too many for the invoke mode BUFFERED; see docs/publish.md`);
  const text = 'the answer is too large for this server\n';
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'max-age=0, private, no-store' };
  return { statusCode: 503, headers, body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
}

let ask: ((request: Request) => Promise<Response>) | undefined;

async function answer(event: FunctionUrlEvent): Promise<Response> {
  ask ??= storeHandler(bucketReader(optionsOf(process.env)), log);
  const { rawPath, rawQueryString, headers, requestContext } = event;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  return await ask(new Request(`http://localhost${rawPath}${query}`, { method: requestContext.http.method, headers }));
}

function optionsOf(environment: NodeJS.ProcessEnv): Parameters<typeof bucketReader>[0] {
  return {
    store: environment['STORE'] ?? '',
    endpoint: environment['ENDPOINT'],
    region: environment['AWS_REGION'] ?? 'us-east-1',
    accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    sessionToken: environment['AWS_SESSION_TOKEN'],
  };
}

function headOf({ status, headers }: Response): Pick<FunctionUrlAnswer, 'statusCode' | 'headers'> {
  return { statusCode: status, headers: Object.fromEntries(headers) };
}
