import { type IncomingMessage, ServerResponse } from 'node:http';
import type { OutgoingHttpHeader, Server } from 'node:http';
import type { Socket } from 'node:net';
import { connectionOf } from './connection.ts';
import type { FrontState } from './state.ts';

export type FrontServer = Server<typeof IncomingMessage, typeof FrontResponse>;

/** name, value, name, value … */
export type RawHeaders = readonly string[];

/** RFC 9112 §4; node:http would throw. */
const reasonPhrase = /^[\t\x20-\x7e\x80-\xff]+$/;

/**
 * The answer to one request. A class of its own, so that what the front knows of a
 * request lives in fields and not in closures or look-up tables.
 */
export class FrontResponse extends ServerResponse {
  front: FrontState | null = null;
  serial = 0;
  startedAt = 0;
  /** The client waits for `100 Continue` before it sends its body. */
  expectsContinue = false;
  /** Bytes of content handed to the socket. */
  bodyBytes = 0;
  /** Told once when nothing can be sent any more, for whatever reason. */
  closeListener: { onClosed(): void } | null = null;
  /** node:http's: it ends the connection after this response. */
  declare _last: boolean;

  /** Names this request in logs, error pages and `$_SERVER['REQUEST_ID']`. */
  get requestId(): string {
    return `${this.front?.idPrefix ?? ''}${this.serial.toString(36)}`;
  }

  get connectionSocket(): Socket {
    return this.req.socket;
  }

  /**
   * Sends the head. `headers` may be shared between responses: they are not changed.
   * `reason`: other than the status's own phrase, else ''.
   */
  start(status: number, headers: RawHeaders, reason = ''): void {
    if (this.front?.isDraining) this.shouldKeepAlive = false;
    if (reason !== '' && reasonPhrase.test(reason)) this.statusMessage = reason;
    // The types know this form only as `OutgoingHttpHeader[]`.
    this.writeHead(status, headers as OutgoingHttpHeader[]);
  }

  /** A whole answer in one write. HEAD gets the headers only. */
  send(status: number, headers: RawHeaders, body: Buffer | string, reason = ''): void {
    this.start(status, headers, reason);
    if (this.req.method === 'HEAD') {
      this.end();
    } else {
      this.bodyBytes += body.length;
      this.end(body, 'latin1');
    }
    this.watchWriting();
    // Else the socket has taken it, as nearly always.
    const { socket } = this;
    if (socket?.writableLength) connectionOf(socket).add(socket.writableLength);
  }

  override detachSocket(socket: Socket): void {
    super.detachSocket(socket);
    connectionOf(socket).onAnswered();
  }

  /** From now on a client that takes nothing for writeIdleTimeoutMs is dropped. */
  watchWriting(): void {
    const { socket } = this;
    if (socket === null || socket.writableLength === 0) return;
    socket.setTimeout(this.front!.config.http.writeIdleTimeoutMs);
  }

  /** The client is not to blame while it waits for us. */
  stopWatching(): void {
    if (this.req.socket.timeout) this.req.socket.setTimeout(0);
  }

  listenForClose(listener: { onClosed(): void }): void {
    if (this.closeListener === null) {
      this.on('close', tellClosed);
      // A write to a client that has just left is no reason to end the process.
      this.on('error', ignoreError);
    }
    this.closeListener = listener;
  }
}

function tellClosed(this: FrontResponse): void {
  this.closeListener?.onClosed();
}

function ignoreError(): void {}
