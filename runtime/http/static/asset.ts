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
import { mediaTypeOf } from './media-type.ts';

/** Up to this size a file is kept in memory and its tag is a hash of its content. */
export const MAX_SMALL_BYTES = 64 * 1024;

/** One representation of a file: as it is, or compressed beside it. */
export interface Variant {
  path: string;
  identity: FileIdentity;
  /** Strong, with quotes. */
  etag: string;
  modifiedMs: number;
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
  /** Whether the rules allow what a symbolic link led to. */
  maySendReal(realPath: string): boolean;
  /** `Cache-Control` for a name relative to the document root; null for none. */
  cacheControlOf(name: string): string | null;
}

/** Null: the file is not any more what the route found. */
export function loadAsset(route: FileRoute, options: AssetOptions): StaticAsset | null {
  const { path, name, isImmutable } = route;
  const contentType = mediaTypeOf(name);
  const shared = ['X-Content-Type-Options', 'nosniff'];
  const cacheControl = options.cacheControlOf(name);
  if (cacheControl !== null) shared.push('Cache-Control', cacheControl);
  // The only compressed format that has no uncompressed name.
  if (/\.svgz$/i.test(name)) shared.push('Content-Encoding', 'gzip');

  const compressed: Partial<Record<Coding, Variant>> = {};
  for (const { coding, extension } of codings) {
    const headers = [...shared, 'Vary', 'Accept-Encoding', 'Content-Encoding', coding];
    const common = { contentType, isImmutable, headers, tagSuffix: `-${coding}` };
    // The original's name has been judged; a link beside it may lead anywhere.
    const isAllowed = ({ realPath }: OpenedFile): boolean =>
      options.maySendReal(withoutEnd(realPath, extension));
    const variant = loadVariant(`${path}${extension}`, common, options.roots, isAllowed);
    if (variant) compressed[coding] = variant;
  }
  const available = codings.map((c) => c.coding).filter((c) => compressed[c]);
  if (available.length > 0) shared.push('Vary', 'Accept-Encoding');
  const common = { contentType, isImmutable, headers: shared, tagSuffix: '' };
  const isSame = ({ stats }: OpenedFile): boolean => isSameFile(route.identity, stats);
  const original = loadVariant(path, common, options.roots, isSame);
  if (original === null) return null;
  const bodies = [original, ...available.map((coding) => compressed[coding]!)];
  const heldBytes = bodies.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
  return { original, compressed, codings: available, heldBytes, isUsed: true };
}

function withoutEnd(path: string, end: string): string {
  return path.endsWith(end) ? path.slice(0, -end.length) : path;
}

interface Common {
  contentType: string;
  isImmutable: boolean;
  headers: readonly string[];
  tagSuffix: string;
}

function loadVariant(
  path: string,
  common: Common,
  roots: readonly string[],
  isWanted: (opened: OpenedFile) => boolean,
): Variant | null {
  const opened = openInside(path, roots);
  if (opened === null) return null;
  try {
    const { stats } = opened;
    if (!isWanted(opened)) return null;
    const body = stats.size <= MAX_SMALL_BYTES ? readWhole(opened.fd, stats.size) : null;
    return describe(path, stats, body, common);
  } finally {
    closeSync(opened.fd);
  }
}

function describe(
  path: string,
  stats: Stats,
  body: Buffer | null,
  { contentType, isImmutable, headers, tagSuffix }: Common,
): Variant {
  const etag = `"${body ? hashOf(body) : tagOf(stats)}${tagSuffix}"`;
  // A packed tree has one and the same modification time for everything; only the time it
  // was written here tells versions apart.
  const modifiedMs = isImmutable ? stats.ctimeMs : stats.mtimeMs;
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
