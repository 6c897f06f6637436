import type { Socket } from 'node:net';
import type { Budget } from './budget.ts';
import { type Connection, openConnection } from './connection.ts';
import { isLingering } from './linger.ts';

/** Of all, closed at once to make room; looking at each of them costs some time. */
const SHARE_TO_CLOSE = 1 / 16;
/** When all were busy. */
const LOOK_AGAIN_MS = 100;

/** The open connections of all addresses, oldest first. */
export class OpenConnections {
  readonly #budget: Budget;
  readonly #open = new Map<Socket, Connection>();
  readonly #onEmpty: () => void;
  #lookAt = 0;

  constructor(budget: Budget, onEmpty: () => void) {
    this.#budget = budget;
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#open.size;
  }

  get sockets(): Iterable<Socket> {
    return this.#open.keys();
  }

  add(socket: Socket): Connection {
    const connection = openConnection(socket, this.#budget);
    this.#open.set(socket, connection);
    socket.once('close', () => {
      connection.onAnswered();
      this.#remove(socket);
    });
    return connection;
  }

  /** Whether one more may be opened; when all are, idle ones are closed for it. */
  hasRoom(): boolean {
    const { maxConnections } = this.#budget.size;
    if (this.#open.size < maxConnections) return true;
    const now = performance.now();
    if (now < this.#lookAt) return false;
    let left = Math.ceil(maxConnections * SHARE_TO_CLOSE);
    for (const [socket, connection] of this.#open) {
      if (left === 0) break;
      if (connection.isBusy && !isLingering(socket)) continue;
      left--;
      this.#remove(socket);
      socket.destroy();
    }
    if (this.#open.size < maxConnections) return true;
    this.#lookAt = now + LOOK_AGAIN_MS;
    return false;
  }

  #remove(socket: Socket): void {
    if (this.#open.delete(socket) && this.#open.size === 0) this.#onEmpty();
  }
}
