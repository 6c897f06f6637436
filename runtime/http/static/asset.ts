import { closeSync, readSync, type Stats } from 'node:fs';
import { hash } from 'node:crypto';
import {
  type FileIdentity,
  identityOf,
  isSameFile,
  openInside,
  type OpenedFile,
} from '../files.ts';
import type { FileRoute } from '../routing.ts';
import { type Coding, codings } from './encodings.ts';
import { mediaTypeOf } from '../../../contract/served/media-type.ts';

/** Up to this size a file is kept in memory and its tag is a hash of its content. */
export const MAX_SMALL_BYTES = 64 * 1024;

/** One representation of a file: as it is, or compressed beside it. */
export interface Variant {
  path: string;
  identity: FileIdentity;
  /** Strong, with quotes. */
  etag: string;
  /** As in conditional.ts. */
  modifiedMs: number;
  settledMs: number;
  /** Of a complete response: name, value … with Content-Length. */
  headers: readonly string[];
  /**
   * Those that say what it is, for 206 and 416: without Content-Length and Content-Type.
   */
  commonHeaders: readonly string[];
  contentType: string;
  /** The content, when small. */
  body: Buffer | null;
}

export interface StaticAsset {
  original: Variant;
  compressed: Partial<Record<Coding, Variant>>;
  /** Codings in `compressed`, best first. */
  codings: readonly Coding[];
  /** Bytes of content held in memory. */
  heldBytes: number;
  /** Asked for since the cache last looked. */
  isUsed: boolean;
}

export interface AssetOptions {
  roots: readonly string[];
  /** `Cache-Control` for a name relative to the document root; null for none. */
  cacheControlOf(name: string): string | null;
}

/** Null: the file is not any more what the route found. */
export function loadAsset(route: FileRoute, options: AssetOptions): StaticAsset | null {
  const opened = openInside(route.path, options.roots);
  if (opened === null) return null;
  try {
    if (!isSameFile(route.identity, opened.stats)) return null;
    return describeAll(route, opened, options);
  } finally {
    closeSync(opened.fd);
  }
}

function describeAll(
  route: FileRoute,
  opened: OpenedFile,
  options: AssetOptions,
): StaticAsset {
  const { name, isImmutable } = route;
  const contentType = mediaTypeOf(name);
  const shared = ['X-Content-Type-Options', 'nosniff'];
  const cacheControl = options.cacheControlOf(name);
  if (cacheControl !== null) shared.push('Cache-Control', cacheControl);
  // The only compressed format that has no uncompressed name.
  if (/\.svgz$/i.test(name)) shared.push('Content-Encoding', 'gzip');

  const compressed: Partial<Record<Coding, Variant>> = {};
  // Where the app writes, it may be another visitor who uploaded what lies beside a file.
  for (const { coding, extension } of isImmutable ? codings : []) {
    const headers = [...shared, 'Vary', 'Accept-Encoding', 'Content-Encoding', coding];
    const common = { contentType, isImmutable, headers, tagSuffix: `-${coding}` };
    const variant = loadSibling(route.path, extension, opened, common, options.roots);
    if (variant) compressed[coding] = variant;
  }
  const available = codings.map((c) => c.coding).filter((c) => compressed[c]);
  if (available.length > 0) shared.push('Vary', 'Accept-Encoding');
  const common = { contentType, isImmutable, headers: shared, tagSuffix: '' };
  const original = describe(route.path, opened, common);
  const bodies = [original, ...available.map((coding) => compressed[coding]!)];
  const heldBytes = bodies.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
  return { original, compressed, codings: available, heldBytes, isUsed: true };
}

interface Common {
  contentType: string;
  isImmutable: boolean;
  headers: readonly string[];
  tagSuffix: string;
}

/**
 * Really beside the file, whatever links lead to both, and not older: `phpack build` gives
 * another time to what is not the file's content, compressed (packager/payload/times.ts).
 */
function loadSibling(
  path: string,
  extension: string,
  original: OpenedFile,
  common: Common,
  roots: readonly string[],
): Variant | null {
  const opened = openInside(`${path}${extension}`, roots);
  if (opened === null) return null;
  try {
    const isBeside = opened.realPath === `${original.realPath}${extension}`;
    if (!isBeside || opened.stats.mtimeMs < original.stats.mtimeMs) return null;
    return describe(`${path}${extension}`, opened, common);
  } finally {
    closeSync(opened.fd);
  }
}

function describe(
  path: string,
  { fd, stats }: OpenedFile,
  { contentType, isImmutable, headers, tagSuffix }: Common,
): Variant {
  const body = stats.size <= MAX_SMALL_BYTES ? readWhole(fd, stats.size) : null;
  const etag = `"${body ? hashOf(body) : tagOf(stats)}${tagSuffix}"`;
  const modifiedMs = isImmutable ? unpackedMs(stats) : stats.mtimeMs;
  const commonHeaders = [
    ...headers,
    'ETag',
    etag,
    'Last-Modified',
    new Date(modifiedMs).toUTCString(),
    'Accept-Ranges',
    'bytes',
  ];
  return {
    path,
    identity: identityOf(stats),
    etag,
    modifiedMs,
    settledMs: isImmutable ? Number.POSITIVE_INFINITY : stats.ctimeMs,
    commonHeaders,
    headers: [
      'Content-Type',
      contentType,
      'Content-Length',
      String(body ? body.length : stats.size),
      ...commonHeaders,
    ],
    contentType,
    body,
  };
}

/**
 * When a packed file was unpacked, less the minutes and seconds of the time that its content
 * gives it: two versions may be unpacked in one second. That time itself lies so far in the
 * past that browsers would not ask again for years (RFC 9111 §4.2.2).
 */
function unpackedMs({ ctimeMs, mtimeMs }: Stats): number {
  return ctimeMs - (mtimeMs % 3_600_000);
}

/** Same content, same tag: an upgrade leaves what has not changed in browsers' caches. */
function hashOf(body: Buffer): string {
  return hash('sha256', body, 'base64url').slice(0, 20);
}

/** ctime, since a packed or copied file may carry any modification time. */
function tagOf(stats: Stats): string {
  const changed = Math.round(stats.ctimeMs * 1000);
  return [stats.size, changed, stats.ino].map((part) => part.toString(36)).join('-');
}

function readWhole(fd: number, size: number): Buffer | null {
  const buffer = Buffer.allocUnsafeSlow(size);
  let at = 0;
  while (at < size) {
    const count = readSync(fd, buffer, at, size - at, at);
    // Being written to at this moment: not for the cache.
    if (count === 0) return null;
    at += count;
  }
  return buffer;
}
