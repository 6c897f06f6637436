import type { IncomingMessage } from 'node:http';

/** What is wrong with a request's head: the status to answer with. */
export type HeadProblem = 400 | 413 | 414 | 417 | 431 | 501 | 505;

/** `Allow` where no single resource is meant. */
export const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** name, value pairs; no browser sends more. */
export const MAX_HEADERS = 256;

/**
 * Letters, digits, dashes and underscores between single dots, so that no application
 * takes `..` for a directory of its own; or an IPv6 address; with an optional port.
 */
const host = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Null for what cannot stand in a URL as the server's name. */
export function splitHost(authority: string): { name: string; port: string } | null {
  if (!host.test(authority)) return null;
  const colon = authority.lastIndexOf(':');
  if (colon < 0 || authority.endsWith(']')) return { name: authority, port: '' };
  return { name: authority.slice(0, colon), port: authority.slice(colon + 1) };
}

/**
 * What node:http lets pass and a server must refuse (RFC 9112 §3.2, §6.1, §6.3), since
 * others might see another request in the same bytes. Null: nothing.
 */
export function checkHead(req: IncomingMessage): HeadProblem | null {
  const { httpVersion, rawHeaders } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 505;
  if (rawHeaders.length > MAX_HEADERS * 2) return 431;
  let hosts = 0;
  let transferEncodings = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (++hosts > 1 || !host.test(rawHeaders[i + 1]!)) return 400;
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      transferEncodings++;
      const isChunked = rawHeaders[i + 1]!.toLowerCase() === 'chunked';
      if (!isChunked) return 501;
      if (transferEncodings > 1) return 400;
    }
  }
  if (hosts === 0 && httpVersion === '1.1') return 400;
  if (transferEncodings > 0 && httpVersion === '1.0') return 400;
  return checkLength(req);
}

function checkLength({ headers }: IncomingMessage): HeadProblem | null {
  const text = headers['content-length'];
  if (text === undefined) return null;
  if (!/^\d+$/.test(text)) return 400;
  return Number.isSafeInteger(Number(text)) ? null : 413;
}

/**
 * Only such a name becomes one variable of PHP and no other name becomes the same one.
 */
const plainName = /^[A-Za-z0-9-]+$/;

/**
 * The headers PHP gets. Left out: `Proxy`, which would become the variable HTTP_PROXY
 * that HTTP clients obey (httpoxy), and names that PHP cannot tell from others,
 * `X_Forwarded_For` from `X-Forwarded-For`: nginx drops the same.
 * `withoutTransferEncoding`: the body is whole.
 */
export function filterHeaders(
  rawHeaders: readonly string[],
  withoutTransferEncoding: boolean,
  authority: string | null,
): readonly string[] {
  let isClean = !withoutTransferEncoding && authority === null;
  for (let i = 0; isClean && i < rawHeaders.length; i += 2) {
    isClean = isPassed(rawHeaders[i]!);
  }
  if (isClean) return rawHeaders;
  const passed: string[] = authority === null ? [] : ['Host', authority];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!isPassed(name)) continue;
    const lower = name.toLowerCase();
    if (withoutTransferEncoding && lower === 'transfer-encoding') continue;
    // RFC 9112 §3.2.2: the target's authority replaces it.
    if (authority !== null && lower === 'host') continue;
    passed.push(name, rawHeaders[i + 1]!);
  }
  return passed;
}

function isPassed(name: string): boolean {
  return plainName.test(name) && !(name.length === 5 && name.toLowerCase() === 'proxy');
}
