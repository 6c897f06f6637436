import { closeSync, openSync, readSync } from 'node:fs';
import { toFsPath } from '../bytes.ts';
import { type NameRule, nameRules } from './never-served.ts';
import { mediaTypeOf } from './media-type.ts';

/**
 * What the first bytes tell where a name tells browsers nothing: scripts for the command line
 * have no extension (`artisan`, `bin/console`), parts of old programs one of their own
 * (`db.lib`), keys and databases are called as their owners like.
 */
const beginnings: readonly [title: string, RegExp][] = [
  ['source code', /^(?:#![^\n]*php|(?:\xef\xbb\xbf)?\s*<\?(?:php\b|=))/i],
  ['private keys', /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/],
  ['databases', /^SQLite format 3\0/],
];
const HEAD_BYTES = 128;

/** The rule that keeps an open file from being sent; null when it may be. */
export function contentRuleOf(name: string, fd: number): NameRule | null {
  if (mediaTypeOf(name) !== 'application/octet-stream') return null;
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  const text = head.toString('latin1', 0, readSync(fd, head, 0, HEAD_BYTES, 0));
  const [title] = beginnings.find(([, beginning]) => beginning.test(text)) ?? [];
  // Maps are such files, too, and meant for visitors.
  if (title === 'databases' && /\.(?:mbtiles|gpkg)$/i.test(name)) return null;
  return nameRules.find((rule) => rule.title === title) ?? null;
}

/** The same of a file that is not open; null for what cannot be read. */
export function contentRuleOfFile(path: string): NameRule | null {
  let fd: number;
  try {
    fd = openSync(toFsPath(path), 'r');
  } catch {
    return null;
  }
  try {
    return contentRuleOf(path, fd);
  } finally {
    closeSync(fd);
  }
}
