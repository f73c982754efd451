import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/*
 * A child process of the benchmark: the least that a Node server can do. It sends each file of a folder from memory,
 * and prints its URL.
 *
 * node lib/scripts/bench-bare.js FOLDER
 */

const folder = process.argv[2] ?? '';
const buffers = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]));

const server = createServer(({ url = '' }, response) => {
  const buffer = buffers.get(url);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': buffer?.length ?? 0 };
  response.writeHead(buffer ? 200 : 404, headers).end(buffer);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
