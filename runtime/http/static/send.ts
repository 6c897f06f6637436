import { closeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { sendError } from '../errors.ts';
import { isSameFile, openInside } from '../files.ts';
import type { FrontResponse } from '../response.ts';
import type { FileRoute } from '../routing.ts';
import type { StaticAsset, Variant } from './asset.ts';
import { allowsRange, evaluateConditions, isConditional } from './conditional.ts';
import { chooseCoding } from './encodings.ts';
import { type ByteRange, parseRanges } from './ranges.ts';
import { FileStream, type Piece } from './stream.ts';

const ALLOWED = 'GET, HEAD';

/** False: the file has changed since it was found; look again. */
export function sendStatic(response: FrontResponse, route: FileRoute): boolean {
  const { req } = response;
  const { method } = req;
  if (method !== 'GET' && method !== 'HEAD') {
    if (method === 'OPTIONS') response.send(204, ['Allow', `${ALLOWED}, OPTIONS`], '');
    else sendError(response, 405, { headers: ['Allow', ALLOWED] });
    return true;
  }
  const asset = response.front!.assets.assetOf(route);
  if (asset === null) return false;
  const { headers } = req;
  const range = method === 'GET' ? headers.range : undefined;
  const variant = chooseVariant(asset, headers['accept-encoding'], range !== undefined);
  if (isConditional(headers)) {
    const verdict = evaluateConditions(headers, variant);
    if (verdict === 'not-modified') {
      response.start(304, variant.commonHeaders);
      response.end();
      return true;
    }
    if (verdict === 'precondition-failed') {
      sendError(response, 412, {});
      return true;
    }
  }
  if (range !== undefined && allowsRange(headers, variant)) {
    const ranges = parseRanges(range, variant.identity.size);
    if (ranges === 'unsatisfiable') {
      sendUnsatisfiable(response, variant);
      return true;
    }
    if (ranges !== 'ignore') return sendRanges(response, variant, ranges);
  }
  return sendWhole(response, variant);
}

/**
 * Parts are always of the file as it is: compressed parts are of no use to who asks so.
 */
function chooseVariant(
  asset: StaticAsset,
  acceptEncoding: string | undefined,
  isRange: boolean,
): Variant {
  if (asset.codings.length === 0 || isRange) return asset.original;
  const coding = chooseCoding(acceptEncoding, asset.codings);
  return (coding && asset.compressed[coding]) ?? asset.original;
}

function sendWhole(response: FrontResponse, variant: Variant): boolean {
  if (variant.body !== null) {
    response.send(200, variant.headers, variant.body);
    return true;
  }
  if (response.req.method === 'HEAD') {
    response.start(200, variant.headers);
    response.end();
    return true;
  }
  const { size } = variant.identity;
  return stream(response, variant, 200, variant.headers, [{ start: 0, end: size - 1 }]);
}

function sendUnsatisfiable(response: FrontResponse, variant: Variant): void {
  const contentRange = `bytes */${variant.identity.size}`;
  sendError(response, 416, { headers: ['Content-Range', contentRange] });
}

function sendRanges(
  response: FrontResponse,
  variant: Variant,
  ranges: readonly ByteRange[],
): boolean {
  const { size } = variant.identity;
  const { contentType, commonHeaders } = variant;
  const [first] = ranges;
  if (ranges.length === 1) {
    const headers = [
      'Content-Type',
      contentType,
      'Content-Range',
      rangeText(first!, size),
    ];
    return stream(response, variant, 206, [...headers, ...commonHeaders], [first!]);
  }
  const boundary = randomBytes(15).toString('base64url');
  const pieces: Piece[] = [];
  for (const range of ranges) {
    const head = `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\n`;
    const contentRange = `Content-Range: ${rangeText(range, size)}\r\n\r\n`;
    pieces.push(Buffer.from(head + contentRange, 'latin1'), range);
  }
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'));
  const type = `multipart/byteranges; boundary=${boundary}`;
  return stream(response, variant, 206, ['Content-Type', type, ...commonHeaders], pieces);
}

function rangeText({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`;
}

function stream(
  response: FrontResponse,
  variant: Variant,
  status: number,
  headers: readonly string[],
  pieces: readonly Piece[],
): boolean {
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  const isWhole = status === 200;
  const all = isWhole ? headers : [...headers, 'Content-Length', String(length)];
  const { body } = variant;
  if (body !== null) {
    const parts = pieces.map((piece) =>
      Buffer.isBuffer(piece) ? piece : body.subarray(piece.start, piece.end + 1),
    );
    response.send(status, all, parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    return true;
  }
  const opened = openInside(variant.path, response.front!.router.roots);
  if (opened === null) return false;
  if (!isSameFile(variant.identity, opened.stats)) {
    closeSync(opened.fd);
    return false;
  }
  response.start(status, all);
  new FileStream(response, opened.fd, pieces).run();
  return true;
}

function lengthOf(piece: Piece): number {
  return Buffer.isBuffer(piece) ? piece.length : piece.end - piece.start + 1;
}
