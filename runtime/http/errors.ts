import { STATUS_CODES } from 'node:http';
import { errnoOf } from '../errors.ts';
import { lingerAfter } from './linger.ts';
import type { FrontResponse, RawHeaders } from './response.ts';

/** What the visitor can do about it; nothing that came with the request is repeated. */
const advice: Readonly<Record<number, string>> = {
  400: 'The request could not be understood.',
  403: 'Access is not allowed.',
  404: 'There is nothing at this address.',
  405: 'This address does not support the request’s method.',
  408: 'The request did not arrive in time.',
  412: 'The content has changed.',
  413: 'The request is larger than this server accepts.',
  414: 'The address is longer than this server accepts.',
  416: 'The content has no such part.',
  417: 'The expectation cannot be met.',
  431: 'The request’s headers are larger than this server accepts.',
  500: 'The server met an error.',
  501: 'The server does not know the request’s method.',
  502: 'The application ended without an answer.',
  503: 'The server is busy or about to stop. Please try again in a moment.',
  504: 'The application did not answer in time.',
  505: 'This server speaks HTTP/1.1.',
  507: 'The server has no space left for the request.',
};

/** Seconds, of 503. */
export const RETRY_AFTER = '5';

export interface ErrorAnswer {
  headers?: RawHeaders;
  /** Ends the connection, whatever is left of the request. */
  isLast?: boolean;
}

function headersOf(body: Buffer, more: RawHeaders): string[] {
  return [
    'Content-Type',
    'text/html; charset=utf-8',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    ...more,
  ];
}

function pageOf(status: number, requestId: string): Buffer {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  const reference =
    requestId === '' ? '' : `<p><small>Request ${requestId}</small></p>\n`;
  return Buffer.from(
    `<!doctype html>\n<meta charset="utf-8">\n<title>${title}</title>\n` +
      `<h1>${title}</h1>\n<p>${advice[status] ?? ''}</p>\n${reference}`,
  );
}

/** A small page that explains the status; the head must not have been sent. */
export function sendError(
  response: FrontResponse,
  status: number,
  { headers = [], isLast = false }: ErrorAnswer,
): void {
  const { requestId } = response;
  const body = pageOf(status, requestId);
  const later = status === 503 ? ['Retry-After', RETRY_AFTER] : [];
  const all = headersOf(body, ['X-Request-Id', requestId, ...later, ...headers]);
  endRequest(response, isLast);
  response.send(status, all, body);
}

/**
 * What was thrown is logged; the client gets 500, or 503 when we have run out of
 * something.
 */
export function answerException(response: FrontResponse, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { requestId, req, front } = response;
  front!.log.write('error', text, { request: requestId, target: req.url });
  const isOverload = ['EMFILE', 'ENFILE', 'ENOMEM'].includes(errnoOf(error));
  if (response.headersSent) response.destroy();
  else sendError(response, isOverload ? 503 : 500, { isLast: true });
}

/** How much of a body nobody wants is read to keep a connection. */
const MAX_SKIPPED_BYTES = 256 * 1024;

/**
 * Before an answer that does not wait for the request's body: either little is left, and
 * is skipped, or the answer is the last on its connection. Closing with unread bytes in
 * the socket would reset it and could take the answer from the client.
 */
export function endRequest(response: FrontResponse, isLast: boolean): void {
  const { req } = response;
  if (req.complete && !isLast) return;
  const declared = req.headers['content-length'];
  const rest = declared === undefined ? Number.POSITIVE_INFINITY : Number(declared);
  if (isLast || response.expectsContinue || rest > MAX_SKIPPED_BYTES) {
    const hasBody =
      declared !== undefined || req.headers['transfer-encoding'] !== undefined;
    if (!isLast && !hasBody) return;
    endAfter(response);
  }
  // Without a reader the rest would stop the connection's parser.
  req.resume();
}

/** Makes this answer the last of its connection. */
function endAfter(response: FrontResponse): void {
  response.shouldKeepAlive = false;
  lingerAfter(response.req.socket);
}

/** The same for one that may have begun and promised otherwise. */
export function endNext(response: FrontResponse): void {
  endAfter(response);
  response._last = true;
}

/** The same page as bytes, for requests of which there is no response object. */
export function rawError(status: number, headers: RawHeaders): Buffer {
  const body = pageOf(status, '');
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`];
  const all = headersOf(body, ['Date', new Date().toUTCString(), ...headers]);
  for (let i = 0; i < all.length; i += 2) lines.push(`${all[i]}: ${all[i + 1]}`);
  lines.push('Connection: close', '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body]);
}
