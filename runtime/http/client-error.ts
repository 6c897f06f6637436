import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { logRefused } from './access-log.ts';
import { type Connection, connectionOf } from './connection.ts';
import { rawError, RETRY_AFTER } from './errors.ts';
import { endLingering, isLingering } from './linger.ts';
import { METHODS } from './request-head.ts';
import type { RawHeaders } from './response.ts';
import type { FrontState } from './state.ts';

interface ClientError extends Error {
  code?: string;
}

/** What node:http's parser, or its clock, says against a connection. */
export function onClientError(
  error: ClientError,
  duplex: Duplex,
  state: FrontState,
): void {
  const socket = duplex as Socket;
  const { code } = error;
  // Bytes after the last request are nobody's: its answer goes out, then it ends.
  if (code === 'HPE_CLOSED_CONNECTION') return;
  if (code === 'ECONNRESET' || code === 'EPIPE' || !socket.writable) {
    socket.destroy();
    return;
  }
  // Where we have stopped reading it is not the client who is late.
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.isPaused()) return;
  const connection = connectionOf(socket);
  if (connection.isBroken) return;
  connection.isBroken = true;
  const { maxTargetBytes } = state.config.http;
  const status = statusOf(code ?? '', connection.wire.startOfHead, maxTargetBytes);
  // The malformed or unfinished part may be the body of a request that we know.
  connection.bodyFailure?.(status);
  // The requests before it were fine: their answers first.
  const refuseNow = (): void => refuse(socket, status, [], state);
  if (connection.isBusy) connection.last!.once('close', refuseNow);
  else refuseNow();
}

/** There is no memory for a head, or for the rest of it. */
export function refuseForMemory(connection: Connection, state: FrontState): void {
  connection.isBroken = true;
  refuse(connection.socket, 503, ['Retry-After', RETRY_AFTER], state);
}

/** CONNECT is for proxies. */
export function refuseConnect(duplex: Duplex, state: FrontState): void {
  const socket = duplex as Socket;
  socket.on('error', ignoreError);
  refuse(socket, 405, ['Allow', METHODS], state);
}

function refuse(
  socket: Socket,
  status: number,
  headers: RawHeaders,
  state: FrontState,
): void {
  // Lingering: the last answer has been given.
  if (socket.destroyed || isLingering(socket)) return;
  // Nothing was asked: browsers open connections in advance.
  if (status === 408 && socket.bytesRead === 0) {
    socket.destroy();
    return;
  }
  logRefused(state, connectionOf(socket), status);
  endLingering(socket, rawError(status, headers));
}

/**
 * `start`: what has arrived of the head, as far as it can be told. `maxTargetBytes` tells
 * a target that is too long from headers that are.
 */
function statusOf(code: string, start: string, maxTargetBytes: number): number {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return lengthOfTarget(start) > maxTargetBytes ? 414 : 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    case 'HPE_INVALID_METHOD':
      return /^[A-Z][A-Z0-9-]* [/*h]/.test(start) ? 501 : 400;
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return /^[A-Z]+ \S+ HTTP\/(?!1\.[01])\d\.\d(?:\r|$)/.test(start) ? 505 : 400;
    default:
      return 400;
  }
}

/** As far as it has arrived. */
function lengthOfTarget(start: string): number {
  return /^[A-Z]+ ([/h]\S*)/.exec(start)?.[1]?.length ?? 0;
}

function ignoreError(): void {}
