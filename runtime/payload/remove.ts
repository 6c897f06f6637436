import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.ts';

/** Names of what is being made or removed; whoever holds the lock may clear them away. */
export const NEW_PREFIX = '.new-';
export const OLD_PREFIX = '.old-';

/**
 * Removes a directory at once from everybody's sight, then its content. Asynchronous,
 * because a server does it beside its requests. Does nothing when there is none.
 */
export async function removeTree(path: string): Promise<void> {
  const hidden = hideTree(path);
  if (hidden) await removeContent(hidden);
}

/** Renames to a name nobody looks at; null when there is nothing. */
export function hideTree(path: string): string | null {
  const name = `${OLD_PREFIX}${randomBytes(8).toString('hex')}`;
  const hidden = join(dirname(path), name);
  try {
    renameSync(path, hidden);
    return hidden;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What an interrupted process was making in `directory`; only under the lock. */
export function hideUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(NEW_PREFIX)) hideTree(join(directory, name));
  }
}

/** Removes what has been hidden in `directory`. */
export function removeHidden(directory: string): Promise<void> {
  return removeOlder(directory, [OLD_PREFIX], 0);
}

/**
 * Removes what an interrupted process left in `directory`, where no lock tells that it was
 * interrupted.
 */
export function removeLeftovers(directory: string, olderThanMs: number): Promise<void> {
  return removeOlder(directory, [NEW_PREFIX, OLD_PREFIX], olderThanMs);
}

async function removeOlder(
  directory: string,
  prefixes: readonly string[],
  olderThanMs: number,
): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const path = join(directory, name);
    try {
      const { mtimeMs } = await lstat(path);
      if (Date.now() - mtimeMs >= olderThanMs) await removeContent(path);
    } catch (error) {
      // Another process clears away the same.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

/**
 * Makes directories writable first: the app's are not. Never follows links. By bytes: apps
 * make files with names of all kinds in their caches.
 */
async function removeContent(path: string | Buffer): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return unlink(path);
  await chmod(path, 0o700);
  const slash = Buffer.from('/');
  for (const entry of await readdir(path, { encoding: 'buffer', withFileTypes: true })) {
    const child = Buffer.concat([Buffer.from(path), slash, entry.name]);
    await (entry.isDirectory() ? removeContent(child) : unlink(child));
  }
  await rmdir(path);
}
