import { lstatSync, mkdirSync, mkdtempSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { isAlive } from '../payload/output.ts';
import { removeReadOnlyTree } from '../payload/remove.ts';

const memory = '/dev/shm';
const prefix = 'phpack-prove-';

/**
 * An empty directory, private to this process, with room for `bytes`. In memory where
 * there is plenty: a product that is unpacked to disk flushes every file, which took a
 * minute for 27,000 files while other programs were writing; here, it takes three
 * seconds.
 */
export function makeProofDir(bytes: number): string {
  const parent = hasRoom(bytes) ? memory : join(cacheRoot(), 'prove');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  removeAbandoned(parent);
  return mkdtempSync(join(parent, `${prefix}${process.pid}-`));
}

function hasRoom(bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return Math.min(bavail * bsize, process.availableMemory()) > 4 * bytes;
  } catch {
    return false;
  }
}

/** What builds left that were killed while they proved. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid] = name.startsWith(prefix) ? (/-(\d+)-\w+$/.exec(name) ?? []) : [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(parent, name);
    // In /dev/shm, other users have theirs.
    if (lstatSync(path).uid === process.geteuid!()) removeReadOnlyTree(path);
  }
}
