import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { AddressInfo, ListenOptions } from 'node:net';
import { dirname } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import type { FrontAddress } from './front.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import type { FrontServer } from './response.ts';
import { publishSocket, temporaryNameFor } from './unix-socket.ts';

/** One entry of `http.listen`, open. */
export interface Listening {
  addresses: FrontAddress[];
  /** Stops accepting and removes the name of a Unix socket. */
  close(): Promise<void>;
}

/** Connections the kernel holds while the event loop is busy (bounded by somaxconn). */
const BACKLOG = 1024;

/** All or nothing: when one cannot be opened, the others are closed again. */
export async function listenAll(
  specs: readonly string[],
  createServer: () => FrontServer,
): Promise<Listening[]> {
  const open: Listening[] = [];
  const addresses = specs.map(parseListenAddress);
  try {
    for (const address of addresses) open.push(await listenOn(address, createServer));
  } catch (error) {
    await Promise.all(open.map((listening) => listening.close()));
    throw error;
  }
  return open;
}

async function listenOn(
  address: ListenAddress,
  createServer: () => FrontServer,
): Promise<Listening> {
  try {
    switch (address.kind) {
      case 'tcp':
        return await listenOnHost(address.host, address.port, createServer);
      case 'any':
        return await listenOnAny(address.port, createServer);
      case 'unix':
        return await listenOnUnix(address.path, address.mode, createServer);
      default:
        return address satisfies never;
    }
  } catch (error) {
    throw asListenError(address.spec, error);
  }
}

/** A name may stand for several addresses: `localhost` for 127.0.0.1 and ::1. */
async function listenOnHost(
  host: string,
  port: number,
  createServer: () => FrontServer,
): Promise<Listening> {
  const found = await lookup(host, { all: true });
  const servers: FrontServer[] = [];
  const addresses: FrontAddress[] = [];
  let lastError: unknown;
  for (const { address } of found) {
    const server = createServer();
    try {
      // With port 0 the first address chooses for all.
      const free = addresses[0]?.port ?? port;
      await listen(server, { host: address, port: free, backlog: BACKLOG });
      servers.push(server);
      addresses.push(describe(server));
    } catch (error) {
      lastError = error;
      // Names often have an IPv6 address on machines without IPv6.
      if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(errnoOf(error))) continue;
      await Promise.all(servers.map(closeServer));
      throw error;
    }
  }
  if (servers.length === 0) throw lastError;
  return {
    addresses,
    close: async () => void (await Promise.all(servers.map(closeServer))),
  };
}

async function listenOnAny(
  port: number,
  createServer: () => FrontServer,
): Promise<Listening> {
  const server = createServer();
  try {
    await listen(server, { host: '::', port, backlog: BACKLOG });
  } catch (error) {
    if (!['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(errnoOf(error))) throw error;
    await listen(server, { host: '0.0.0.0', port, backlog: BACKLOG });
  }
  return { addresses: [describe(server)], close: () => closeServer(server) };
}

async function listenOnUnix(
  path: string,
  mode: number,
  createServer: () => FrontServer,
): Promise<Listening> {
  const server = createServer();
  // libuv reports a missing directory as EACCES.
  statSync(dirname(path));
  const temporary = temporaryNameFor(path);
  await listen(server, { path: temporary, backlog: BACKLOG });
  let remove: () => void;
  try {
    remove = await publishSocket(temporary, path, mode);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  return {
    addresses: [{ url: `unix:${path}`, address: path, port: 0 }],
    close: async () => {
      remove();
      await closeServer(server);
    },
  };
}

async function listen(server: FrontServer, options: ListenOptions): Promise<void> {
  server.listen(options);
  // Rejects with the 'error' event.
  await once(server, 'listening');
}

function describe(server: FrontServer): FrontAddress {
  const { address, port, family } = server.address() as AddressInfo;
  const isAny = address === '::' || address === '0.0.0.0';
  const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, address, port };
}

/** Does not wait for connections: they are the front's to end. */
function closeServer(server: FrontServer): Promise<void> {
  server.close();
  return Promise.resolve();
}

const causes: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EACCES: 'this user may not use it; ports below 1024 need root or CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAFNOSUPPORT: 'this machine does not have that kind of address',
  ENOTFOUND: 'the name is unknown',
  ENOENT: 'there is no such directory',
  ENAMETOOLONG: 'the path is too long for a socket',
};

function asListenError(spec: string, error: unknown): ProductError {
  if (error instanceof ProductError) return error;
  const errno = errnoOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const cause = spec.startsWith('unix:') && errno === 'EADDRINUSE' ? text : causes[errno];
  const seen = `Cannot listen on ${spec}: ${cause ?? text}${errno ? ` (${errno})` : ''}`;
  return new ProductError('PHPACK_E_LISTEN', seen, { cause: error });
}
