import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import { isLingering } from './linger.ts';

/** What is read ahead of an answer: less, and the client's leaving goes unnoticed. */
const MAX_AHEAD_BYTES = 16 * 1024;

const MAX_EMPTY_BYTES = 64 * 1024;

type Listener = (...args: unknown[]) => void;

/**
 * Stands between a socket and node:http's parser. The parser gets one message at a time,
 * and the next when the answer to the last is out: a parsed request costs some 10 KB, so
 * that 64 KB of small ones, as they are read at once, would take 20 MB.
 */
export class Intake {
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #parse: Listener;
  readonly #parseEnd: Listener;
  /** What has arrived behind the message that is being answered. */
  #ahead: Buffer | null = null;
  #hasEnded = false;
  #isPaused = false;

  /** In the server's 'connection' event, when node:http has added its own listeners. */
  constructor(connection: Connection) {
    this.#connection = connection;
    const { socket } = connection;
    this.#socket = socket;
    this.#parse = socket.listeners('data').at(-1) as Listener;
    this.#parseEnd = socket.listeners('end').at(-1) as Listener;
  }

  start(): void {
    const socket = this.#socket;
    socket.on('data', this.#onData);
    socket.off('data', this.#parse);
    socket.on('end', this.#onEnd);
    socket.off('end', this.#parseEnd);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#ahead !== null) this.#keep(Buffer.concat([this.#ahead, chunk]));
    else this.#feed(chunk);
  };

  readonly #onEnd = (): void => {
    if (this.#ahead !== null) this.#hasEnded = true;
    else if (this.#isWanted) this.#parseEnd();
  };

  /** Whether what arrives is read as requests. */
  get #isWanted(): boolean {
    const { isBroken } = this.#connection;
    return !isBroken && !this.#socket.destroyed && !isLingering(this.#socket);
  }

  #feed(bytes: Buffer): void {
    const { wire } = this.#connection;
    for (let at = 0; at < bytes.length && this.#isWanted; ) {
      if (wire.isAtBorder && this.#connection.isBusy) {
        this.#connection.last!.once('close', this.#goOn);
        // A copy: what was before it can go.
        this.#keep(Buffer.from(bytes.subarray(at)));
        return;
      }
      const end = wire.advance(bytes, at);
      const isAll = at === 0 && end === bytes.length;
      this.#parse(isAll ? bytes : bytes.subarray(at, end));
      at = end;
    }
    wire.release();
    if (wire.emptyBytes > MAX_EMPTY_BYTES) this.#socket.destroy();
  }

  #keep(bytes: Buffer): void {
    this.#ahead = bytes;
    if (bytes.length <= MAX_AHEAD_BYTES) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  readonly #goOn = (): void => {
    const bytes = this.#ahead;
    this.#ahead = null;
    if (bytes === null || !this.#isWanted) return;
    this.#feed(bytes);
    if (this.#ahead !== null) return;
    if (this.#isPaused) this.#socket.resume();
    this.#isPaused = false;
    if (this.#hasEnded && this.#isWanted) this.#parseEnd();
  };
}
