import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { lstatSync, statSync } from 'node:fs';
import { errnoOf } from '../errors.ts';
import { isInsideAny } from '../../contract/paths.ts';
import { toFsPath } from '../../contract/bytes.ts';

/**
 * What tells a file apart from every other one and from itself after a change. A file
 * that was found to lie inside the app stays inside while this stays the same.
 */
export interface FileIdentity {
  device: number;
  inode: number;
  size: number;
  /** Milliseconds since 1970. */
  modifiedMs: number;
  /** Changes with content, mode, name and owner; cannot be set from outside. */
  changedMs: number;
}

export function identityOf(stats: Stats): FileIdentity {
  return {
    device: stats.dev,
    inode: stats.ino,
    size: stats.size,
    modifiedMs: stats.mtimeMs,
    changedMs: stats.ctimeMs,
  };
}

export function isSameFile(known: FileIdentity, stats: Stats): boolean {
  return (
    known.inode === stats.ino &&
    known.device === stats.dev &&
    known.size === stats.size &&
    known.changedMs === stats.ctimeMs &&
    known.modifiedMs === stats.mtimeMs
  );
}

/** Follows symlinks. Null: nothing there that could be reached. */
export function findStats(path: string): Stats | null {
  try {
    return statSync(toFsPath(path), { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    return ignoreUnreachable(error);
  }
}

/** Whether the name exists, be it as a link that leads nowhere. */
export function hasEntry(path: string): boolean {
  try {
    return lstatSync(toFsPath(path), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return ignoreUnreachable(error) !== null;
  }
}

/** No file for the visitor; running out of descriptors or memory is something else. */
function ignoreUnreachable(error: unknown): null {
  const errno = errnoOf(error);
  if (['EMFILE', 'ENFILE', 'ENOMEM', 'EIO'].includes(errno)) throw error;
  return null;
}

export interface OpenedFile {
  fd: number;
  stats: Stats;
  /** Without any symlink: where the opened file really is. */
  realPath: string;
}

// Opening a FIFO without O_NONBLOCK would stop the server until somebody writes to it.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a regular file that really lies below one of `roots`; the caller closes it. Asks
 * the kernel where the descriptor points, so that no symlink can be swapped between check
 * and use.
 */
export function openInside(path: string, roots: readonly string[]): OpenedFile | null {
  let fd: number;
  try {
    fd = openSync(toFsPath(path), OPEN_FLAGS);
  } catch (error) {
    return ignoreUnreachable(error);
  }
  try {
    const stats = fstatSync(fd);
    if (stats.isFile()) {
      const realPath = readlinkSync(`/proc/self/fd/${fd}`, 'latin1');
      if (isInsideAny(realPath, roots)) return { fd, stats, realPath };
    }
  } catch (error) {
    closeSync(fd);
    return ignoreUnreachable(error);
  }
  closeSync(fd);
  return null;
}
