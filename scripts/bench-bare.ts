import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/*
 * A child of the benchmark: the least that a Node server can do. Writes each file of a folder from memory; below
 * `/streamed/`, streams it. Prints its port.
 *
 *     node lib/scripts/bench-bare.js FOLDER
 */

const folder = process.argv[2] ?? '';
const buffers = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]));

const server = createServer((request, response) => {
  const { url = '' } = request;
  const buffer = buffers.get(url);
  if (buffer) {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': buffer.length }).end(buffer);
    return;
  }
  const file = join(folder, url.replace('/streamed/', ''));
  response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': statSync(file).size });
  void pipeline(createReadStream(file), response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
