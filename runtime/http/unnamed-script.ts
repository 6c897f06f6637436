import { closeSync, openSync, readSync } from 'node:fs';
import { toFsPath } from './bytes.ts';
import { mediaTypeOf } from './static/media-type.ts';

/**
 * Scripts for the command line have no extension (`artisan`, `bin/console`), and parts of old
 * programs have one of their own (`db.lib`). Where a name tells browsers nothing, the first
 * bytes tell us.
 */
const beginning = /^(?:#![^\n]*php|(?:\xef\xbb\xbf)?\s*<\?(?:php\b|=))/i;
const HEAD_BYTES = 128;

/** Whether an open file is such a script. */
export function isUnnamedScript(name: string, fd: number): boolean {
  if (mediaTypeOf(name) !== 'application/octet-stream') return false;
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  const length = readSync(fd, head, 0, HEAD_BYTES, 0);
  return beginning.test(head.toString('latin1', 0, length));
}

/** The same of a file that is not open; false of what cannot be read. */
export function holdsUnnamedScript(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(toFsPath(path), 'r');
  } catch {
    return false;
  }
  try {
    return isUnnamedScript(path, fd);
  } finally {
    closeSync(fd);
  }
}
