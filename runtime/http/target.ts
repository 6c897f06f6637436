/** A request target, taken apart but not decoded. */
export interface RequestTarget {
  /** Origin form as received: path and query. */
  origin: string;
  /** Still percent-encoded; starts with '/'. */
  rawPath: string;
  /** Without '?'; '' when there is none. */
  query: string;
  /** Authority of an absolute-form target, which wins over Host (RFC 9112 §3.2.2). */
  authority: string | null;
}

/** Null: not a target an origin server answers (RFC 9112 §3.2); `*` is the caller's. */
export function parseTarget(target: string): RequestTarget | null {
  // A fragment is never sent (RFC 9112 §3.2.1); parsers disagree about what it would
  // mean.
  if (target.includes('#')) return null;
  if (target.charCodeAt(0) === 47) return splitOrigin(target, null);
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  if (!absolute) return null;
  const rest = absolute[2]!;
  return splitOrigin(rest.startsWith('/') ? rest : `/${rest}`, absolute[1]!);
}

function splitOrigin(origin: string, authority: string | null): RequestTarget {
  const mark = origin.indexOf('?');
  if (mark < 0) return { origin, rawPath: origin, query: '', authority };
  return {
    origin,
    rawPath: origin.slice(0, mark),
    query: origin.slice(mark + 1),
    authority,
  };
}

export interface UrlPath {
  /**
   * Decoded once, without empty, '.' and '..' segments; starts with '/'. A binary string.
   */
  path: string;
  /**
   * Index in `path` of the first slash that was percent-encoded, or -1. Such a slash is
   * data of the application (RFC 3986 §2.2), never a border between directories.
   */
  encodedSlashAt: number;
}

/**
 * The path a target names. Null: it cannot be read in one way only, so it is refused:
 * broken percent-encoding, a NUL, or '..' that climbs above the root or hides behind an
 * encoded slash.
 */
export function normalizePath(rawPath: string): UrlPath | null {
  // Nearly all paths need nothing of what follows.
  if (!/%|\/\/|\/\./.test(rawPath)) return { path: rawPath, encodedSlashAt: -1 };
  const raw = rawPath.split('/');
  const segments: string[] = [];
  for (let i = 1; i < raw.length; i++) {
    const segment = decodeSegment(raw[i]!);
    if (segment === null) return null;
    const isLast = i === raw.length - 1;
    if (segment === '..') {
      const left = segments.pop();
      // `a%2Fb/..` is the root, or `a/`.
      if (left === undefined || left.includes('/')) return null;
    } else if (segment !== '.' && segment !== '') {
      segments.push(segment);
    }
    // A path that ends in '/', '/.' or '/..' names a directory.
    if (isLast && (segment === '' || segment === '.' || segment === '..'))
      segments.push('');
  }
  return { path: `/${segments.join('/')}`, encodedSlashAt: findEncodedSlash(segments) };
}

function findEncodedSlash(segments: readonly string[]): number {
  let start = 1;
  for (const segment of segments) {
    const at = segment.indexOf('/');
    if (at >= 0) return start + at;
    start += segment.length + 1;
  }
  return -1;
}

/** Null: see normalizePath. */
function decodeSegment(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  if (/%(?![0-9A-Fa-f]{2})/.test(segment)) return null;
  const decoded = segment.replace(/%../g, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  if (decoded.includes('\0')) return null;
  if (decoded.includes('/') && /(?:^|\/)\.\.(?:\/|$)/.test(decoded)) return null;
  return decoded;
}

/**
 * A decoded path as it may stand in a header: nothing in it is read as another part of a
 * URL.
 */
export function encodePath(path: string): string {
  return path.replace(
    /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
