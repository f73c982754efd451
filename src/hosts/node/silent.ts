import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/*
 * Connections on which a client has said nothing yet, such as those that browsers open ahead. Node takes them for requests that have
 * begun, so that they would keep a server from stopping.
 */

const silent = new WeakMap<Server, Map<string, Socket>>();

/** Watches the connections of a server. To be called with each one of a TLS server once its handshake is over. */
export function watchSilent(server: Server): (socket: Socket) => void {
  const sockets = new Map<string, Socket>();
  silent.set(server, sockets);
  const add = (socket: Socket): void => {
    const client = clientOf(socket);
    sockets.set(client, socket);
    socket.once('close', () => sockets.delete(client));
  };
  server.on('connection', add);
  return (socket) => {
    add(socket);
    socket.once('data', () => sockets.delete(clientOf(socket)));
  };
}

export function closeSilent(server: Server): void {
  for (const socket of silent.get(server)?.values() ?? []) socket.destroy();
}

/** The same for a connection and for the TLS on it. */
function clientOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
