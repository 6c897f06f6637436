import { lookup } from 'mrmime';

/** Text formats outside text/ whose encoding browsers would otherwise guess. */
const textual = new Set([
  'application/javascript',
  'application/json',
  'application/ld+json',
  'application/manifest+json',
  'application/xml',
  'application/xhtml+xml',
  'application/rss+xml',
  'application/atom+xml',
  'image/svg+xml',
]);

/** `Content-Type` by the file's extension. */
export function mediaTypeOf(name: string): string {
  const type = lookup(name) ?? 'application/octet-stream';
  return type.startsWith('text/') || textual.has(type) ? `${type}; charset=utf-8` : type;
}
