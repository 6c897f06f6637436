import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.ts';

/** A name in the same directory, short, that nobody can have foreseen. */
export function temporaryNameFor(path: string): string {
  return join(dirname(path), `.${randomBytes(6).toString('base64url')}`);
}

/**
 * Gives the listening socket at `temporary` its mode and then its name, both before
 * anybody can connect under that name, and without ever replacing a socket somebody
 * listens on: what is in the way must be a socket of a dead process. Throws with `code`
 * EADDRINUSE or what the system says. Returns what removes the name again.
 */
export async function publishSocket(
  temporary: string,
  path: string,
  mode: number,
): Promise<() => void> {
  try {
    chmodSync(temporary, mode);
    for (let attempt = 0; !tryLink(temporary, path); attempt++) {
      if (attempt === 8) throw inUse(path, 'others keep taking the name');
      await removeDead(path);
    }
    const own = lstatSync(temporary);
    return () => removeOwn(path, own);
  } finally {
    unlinkSync(temporary);
  }
}

/**
 * link() fails when the name exists, unlike rename(): two instances cannot both succeed.
 */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeDead(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw inUse(path, 'there is something that is not a socket');
  if (await isAlive(path)) throw inUse(path, 'another process listens there');
  // Out of the way first, then a look at what that was: between the question and now
  // another instance may have put a living socket there.
  const aside = temporaryNameFor(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  if (!isSame(found, lstatSync(aside))) tryLink(aside, path);
  unlinkSync(aside);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Only a refused connection says that nobody listens; EACCES or a full queue do not.
    socket.once('error', (error) => {
      const errno = errnoOf(error);
      resolve(errno !== 'ECONNREFUSED' && errno !== 'ENOENT');
    });
  });
}

/** At the end: the name may belong to a successor by now. */
function removeOwn(path: string, own: Stats): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && isSame(found, own)) unlinkSync(path);
}

function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function inUse(path: string, why: string): Error {
  return Object.assign(new Error(`${path} is in use: ${why}`), { code: 'EADDRINUSE' });
}
