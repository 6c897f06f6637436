import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { NativeAddon } from '../native.ts';

export type Locks = Pick<NativeAddon, 'tryLock'>;

const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const POLL_MS = 50;
const REPORT_EVERY_MS = 10_000;

/**
 * Holds the lock of `<data>/app` while `work` runs. The kernel releases it when its
 * holder dies, however it dies, so waiting for it never ends in waiting for nobody.
 * `onWait` is called every ten seconds of waiting.
 */
export async function withAppLock<T>(
  locks: Locks,
  dataDir: string,
  onWait: () => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const fd = openSync(join(dataDir, 'app/.lock'), flags, 0o600);
  try {
    for (let waitedMs = 0; !locks.tryLock(fd); waitedMs += POLL_MS) {
      if (waitedMs % REPORT_EVERY_MS === 0 && waitedMs > 0) onWait();
      await sleep(POLL_MS, undefined, signal ? { signal } : {});
    }
    return await work();
  } finally {
    closeSync(fd);
  }
}

/**
 * Marks a version, a binary or a php.ini by its name as used by this process until it ends.
 * Returns the end of the use.
 */
export function markInUse(locks: Locks, dataDir: string, name: string): () => void {
  for (;;) {
    const mark = `${name}.${randomBytes(8).toString('hex')}.use`;
    const path = join(dataDir, 'run', mark);
    const fd = openSync(path, flags | constants.O_EXCL, 0o600);
    // A clean-up may have taken the lock before us, and the file with it.
    if (locks.tryLock(fd) && fstatSync(fd).nlink > 0) {
      return () => {
        unlinkIfExists(path);
        closeSync(fd);
      };
    }
    closeSync(fd);
  }
}

/** Whether a living process uses what has this name. */
export function isInUse(locks: Locks, dataDir: string, name: string): boolean {
  const run = join(dataDir, 'run');
  const marks = readdirSync(run).filter(
    (mark) => mark.startsWith(`${name}.`) && mark.endsWith('.use'),
  );
  return marks.filter((mark) => isHeld(locks, join(run, mark))).length > 0;
}

/** Servers that were killed could not remove theirs. */
export function removeDeadMarks(locks: Locks, dataDir: string): void {
  const run = join(dataDir, 'run');
  const marks = readdirSync(run).filter((name) => name.endsWith('.use'));
  for (const mark of marks) isHeld(locks, join(run, mark));
}

/** Removes the mark when nobody holds it. */
function isHeld(locks: Locks, path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch {
    return false;
  }
  try {
    if (!locks.tryLock(fd)) return true;
    unlinkIfExists(path);
    return false;
  } finally {
    closeSync(fd);
  }
}

function unlinkIfExists(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else cleaned up.
  }
}
