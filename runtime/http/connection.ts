import type { Socket } from 'node:net';
import type { FrontResponse } from './response.ts';
import { Wire } from './wire.ts';

/** What the front knows of one connection. */
export class Connection {
  readonly socket: Socket;
  /** Of the last request: they are answered one by one. */
  last: FrontResponse | null = null;
  readonly wire = new Wire();
  /** The parser gave up: no further request comes from it. */
  isBroken = false;
  /** Ends the request whose body is being read, when the parser finds it malformed. */
  bodyFailure: ((status: number) => void) | null = null;
  #addresses: Addresses | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Asked for once per connection: each is a system call. */
  get addresses(): Addresses {
    this.#addresses ??= readAddresses(this.socket);
    return this.#addresses;
  }

  /** Whether an answer is due or on its way. */
  get isBusy(): boolean {
    return this.last !== null && !this.last.closed;
  }
}

export interface Addresses {
  /** `unix:` for a client of a Unix socket, as nginx has it. */
  remoteAddress: string;
  remotePort: string;
  localAddress: string;
  /** '' for a Unix socket. */
  localPort: string;
}

function readAddresses(socket: Socket): Addresses {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    remoteAddress: remoteAddress === undefined ? 'unix:' : plainAddress(remoteAddress),
    remotePort: remotePort === undefined ? '' : String(remotePort),
    localAddress: localAddress === undefined ? 'unix:' : plainAddress(localAddress),
    localPort: localPort === undefined ? '' : String(localPort),
  };
}

/**
 * A dual-stack socket names IPv4 clients `::ffff:192.0.2.1`; applications expect the
 * rest.
 */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

const connections = new WeakMap<Socket, Connection>();

export function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket);
  if (connection === undefined) {
    connection = new Connection(socket);
    connections.set(socket, connection);
  }
  return connection;
}
