import type { Socket } from 'node:net';

/** A client that sends nothing for so long has read its answer or is not going to. */
const IDLE_MS = 5000;
/** How long a client may go on sending what nobody reads. */
const TOTAL_MS = 30_000;

const lingering = new WeakSet<Socket>();

/** Nothing that still arrives on this connection is a request to answer. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket);
}

/**
 * Makes the end of the current answer a lingering close: our side is closed, what still
 * arrives is thrown away, and only then the socket is released. A close with unread bytes
 * sends a reset, which makes clients lose the answer they have not read yet.
 */
export function lingerAfter(socket: Socket): void {
  if (lingering.has(socket)) return;
  lingering.add(socket);
  // node:http ends a connection through this method once its last answer is written.
  socket.destroySoon = lingerNow;
}

function lingerNow(this: Socket): void {
  if (this.destroyed) return;
  if (!this.writableEnded) this.end();
  if (this.readableEnded) {
    this.destroy();
    return;
  }
  // Nobody parses it any more; node:http's parser may even be paused.
  this.removeAllListeners('data');
  const total = setTimeout(() => this.destroy(), TOTAL_MS);
  total.unref();
  this.once('close', () => clearTimeout(total));
  this.once('end', () => this.destroy());
  this.setTimeout(IDLE_MS, () => this.destroy());
  this.resume();
}

/**
 * For answers written past node:http, with its parser already at odds with the client.
 */
export function endLingering(socket: Socket, answer: Buffer): void {
  lingering.add(socket);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(answer);
  lingerNow.call(socket);
}
