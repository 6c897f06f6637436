import type { Socket } from 'node:net';
import type { FrontResponse } from './response.ts';
import { type Budget, FREE_HEAD_BYTES } from './budget.ts';
import { Wire } from './wire.ts';

/** Its text, the strings node:http makes of it, and what PHP's side makes of those. */
const HEAD_FACTOR = 2;

/** What the front knows of one connection. */
export class Connection {
  readonly socket: Socket;
  /** Of the request that is being answered. */
  last: FrontResponse | null = null;
  readonly wire = new Wire();
  readonly #budget: Budget;
  /** Of the budget, beyond what every connection has. */
  #heldBytes = 0;
  /** Of the current head's size, what has been taken from the budget. */
  #headBytes = 0;
  /** The parser gave up: no further request comes from it. */
  isBroken = false;
  /** Ends the request whose body is being read, when the parser finds it malformed. */
  bodyFailure: ((status: number) => void) | null = null;
  #addresses: Addresses | null = null;

  constructor(socket: Socket, budget: Budget) {
    this.socket = socket;
    this.#budget = budget;
  }

  /** Asked for once per connection: each is a system call. */
  get addresses(): Addresses {
    this.#addresses ??= readAddresses(this.socket);
    return this.#addresses;
  }

  /** Whether an answer is due or on its way. */
  get isBusy(): boolean {
    return this.last !== null;
  }

  /** `bytes`: of a head as far as it has arrived. False: there is no room for it. */
  takeHead(bytes: number): boolean {
    if (bytes <= FREE_HEAD_BYTES) return true;
    const more = (bytes - this.#headBytes) * HEAD_FACTOR;
    if (!this.#budget.take(more)) return false;
    this.#headBytes = bytes;
    this.#heldBytes += more;
    return true;
  }

  /** Until the current request is answered. */
  add(bytes: number): void {
    this.#budget.add(bytes);
    this.#heldBytes += bytes;
  }

  /** The request and all that belongs to it can go. */
  onAnswered(): void {
    this.last = null;
    if (this.#heldBytes === 0) return;
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#headBytes = 0;
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

export function openConnection(socket: Socket, budget: Budget): Connection {
  const connection = new Connection(socket, budget);
  connections.set(socket, connection);
  return connection;
}

/** Every socket of the front has one. */
export function connectionOf(socket: Socket): Connection {
  return connections.get(socket)!;
}
