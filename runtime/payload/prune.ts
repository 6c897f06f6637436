import { lstatSync, readdirSync, renameSync, statSync } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { isInUse, type Locks, removeDeadMarks, withAppLock } from './lock.ts';
import { hideTree, hideUnfinished, removeHidden, removeTree } from './remove.ts';

/** Versions kept although nobody runs them: the current one, and one to go back to. */
const KEPT_VERSIONS = 2;
const DAY_MS = 86_400_000;

export interface Pruned {
  versions: string[];
  binaries: string[];
}

/**
 * Removes versions of the app beyond the two used last, unless a process uses them, and
 * binaries unused for a month. Takes seconds for large apps; runs beside requests.
 */
export async function prune(locks: Locks, dataDir: string): Promise<Pruned> {
  const apps = join(dataDir, 'app');
  const hidden = await withAppLock(
    locks,
    dataDir,
    () => {},
    async () => {
      hideUnfinished(apps);
      removeDeadMarks(locks, dataDir);
      const versions = listByUse(apps);
      const used = versions.map(({ name }) => isInUse(locks, dataDir, name));
      return versions
        .filter((_, rank) => rank >= KEPT_VERSIONS && !used[rank])
        .filter((version) => hideUnlessUsed(locks, dataDir, version))
        .map(({ name }) => name);
    },
  );
  // Without the lock: what another start unpacks meanwhile is not touched.
  await removeHidden(apps);
  const binaries = await pruneBinaries(locks, dataDir);
  await removeOldUploads(join(dataDir, 'tmp'));
  return { versions: hidden, binaries };
}

interface Version {
  name: string;
  /** When it was last started, by the mark that every start touches. */
  usedMs: number;
}

/** Latest first. */
function listByUse(apps: string): Version[] {
  return readdirSync(apps)
    .filter((name) => /^[0-9a-f]{64}-/.test(name))
    .map((name) => ({ name, usedMs: lastUse(join(apps, name)) }))
    .sort((a, b) => b.usedMs - a.usedMs);
}

function lastUse(home: string): number {
  return statSync(join(home, 'complete'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function hideUnlessUsed(
  locks: Locks,
  dataDir: string,
  { name, usedMs }: Version,
): boolean {
  const path = join(dataDir, 'app', name);
  const hidden = hideTree(path);
  if (!hidden) return false;
  // A process may have found it after the first look; none can any more.
  if (lastUse(hidden) <= usedMs && !isInUse(locks, dataDir, name)) return true;
  renameSync(hidden, path);
  return false;
}

/** Every start refreshes the times of the directories it uses. */
async function pruneBinaries(locks: Locks, dataDir: string): Promise<string[]> {
  const bin = join(dataDir, 'bin');
  const before = Date.now() - 30 * DAY_MS;
  const names = readdirSync(bin).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const old = names
    .filter((name) => lstatSync(join(bin, name)).mtimeMs < before)
    .filter((name) => !isInUse(locks, dataDir, name));
  for (const name of old) await removeTree(join(bin, name));
  return old;
}

/** PHP removes uploaded files at the end of the request, but not when it was killed. */
async function removeOldUploads(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^php[A-Za-z0-9]{6,}$/.test(name)) continue;
    const path = join(directory, name);
    try {
      const stats = await lstat(path);
      if (stats.isFile() && Date.now() - stats.mtimeMs > DAY_MS) await unlink(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}
