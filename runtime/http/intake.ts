import { Socket } from 'node:net';
import { copyExactly } from './blocks.ts';
import { refuseForMemory } from './client-error.ts';
import type { Connection } from './connection.ts';
import { endNext } from './errors.ts';
import type { FrontResponse } from './response.ts';
import type { FrontState } from './state.ts';
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
  readonly #state: FrontState;
  readonly #socket: Socket;
  readonly #parse: Listener;
  readonly #parseEnd: Listener;
  /** What has arrived behind the message that is being answered. */
  #ahead: Buffer | null = null;
  /** Of the budget, for it. */
  #heldBytes = 0;
  #hasEnded = false;

  /** In the server's 'connection' event, when node:http has added its own listeners. */
  constructor(connection: Connection, state: FrontState) {
    this.#connection = connection;
    this.#state = state;
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
    socket.once('close', this.#onClose);
    // node:http does that whenever somebody reads of a body.
    socket.resume = this.#resume;
  }

  readonly #resume = (): Socket => {
    if (this.#ahead !== null && this.#isWanted) return this.#socket;
    return Socket.prototype.resume.call(this.#socket);
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#ahead === null) this.#feed(chunk);
    else this.#keep(Buffer.concat([this.#ahead, chunk]));
  };

  readonly #onClose = (): void => {
    this.#ahead = null;
    this.#giveBack();
  };

  readonly #onEnd = (): void => {
    if (this.#ahead !== null) this.#hasEnded = true;
    else if (this.#isWanted) this.#parseEnd();
  };

  /** Then node:http resumes when somebody reads of it. */
  get #isBodyFull(): boolean {
    const req = this.#connection.last?.req;
    return req !== undefined && req.readableLength >= req.readableHighWaterMark;
  }

  /** Whether what arrives is read as requests. */
  get #isWanted(): boolean {
    const { isBroken } = this.#connection;
    return !isBroken && !this.#socket.destroyed && !isLingering(this.#socket);
  }

  #feed(bytes: Buffer): void {
    const connection = this.#connection;
    const { wire } = connection;
    for (let at = 0; at < bytes.length && this.#isWanted; ) {
      if (wire.isAtBorder && connection.isBusy) {
        this.#keepNext(connection.last!, bytes.subarray(at));
        break;
      }
      const end = wire.advance(bytes, at);
      if (!connection.takeHead(wire.headBytes)) this.#refuse();
      if (!this.#isWanted) break;
      const isAll = at === 0 && end === bytes.length;
      this.#parse(isAll ? bytes : bytes.subarray(at, end));
      at = end;
      if (!wire.hasPaused || at === bytes.length) continue;
      this.#keep(bytes.subarray(at));
      this.#goOnWhenRead();
      break;
    }
    wire.release();
    if (wire.emptyBytes > MAX_EMPTY_BYTES) this.#socket.destroy();
  }

  /** There is no memory for a head, or for the trailers of a request that is known. */
  #refuse(): void {
    const connection = this.#connection;
    if (connection.isBusy) connection.bodyFailure?.(503);
    else refuseForMemory(connection, this.#state);
  }

  /** While memory is short, the current answer becomes the last one instead. */
  #keepNext(current: FrontResponse, bytes: Buffer): void {
    if (this.#state.budget.isTight) return endNext(current);
    current.once('close', this.#goOnLater);
    this.#keep(bytes);
  }

  #keep(bytes: Buffer): void {
    // A copy, unless it is most of what was read: what was before it can go.
    const kept = bytes.length * 2 < bytes.buffer.byteLength ? copyExactly(bytes) : bytes;
    this.#ahead = kept;
    this.#giveBack();
    this.#heldBytes = kept.buffer.byteLength;
    this.#state.budget.add(this.#heldBytes);
    if (kept.length > MAX_AHEAD_BYTES) this.#socket.pause();
  }

  #giveBack(): void {
    this.#state.budget.give(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /**
   * node:http would keep 64 KB of a body that nobody reads at the moment: 20 MB, when
   * they are chunks of one byte.
   */
  #goOnWhenRead(): void {
    const req = this.#connection.last?.req;
    if (req?.isPaused()) req.once('resume', this.#goOnLater);
    else this.#goOnLater();
  }

  // In another turn: who sends many at once does not keep others from being answered.
  readonly #goOnLater = (): void => void setImmediate(this.#goOn);

  readonly #goOn = (): void => {
    const bytes = this.#ahead;
    this.#ahead = null;
    this.#giveBack();
    if (bytes === null || !this.#isWanted) return;
    this.#feed(bytes);
    if (this.#ahead !== null) return;
    if (!this.#isBodyFull) this.#socket.resume();
    if (this.#hasEnded && this.#isWanted) this.#parseEnd();
  };
}
