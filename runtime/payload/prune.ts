import { lstatSync, readdirSync, renameSync, statSync } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { isInUse, type Locks, withAppLock } from './lock.ts';
import { hideTree, removeLeftovers, removeTree } from './remove.ts';

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
      const versions = listByUse(apps);
      // Also clears away the marks of servers that were killed.
      const used = versions.map((version) => isInUse(locks, dataDir, version));
      return versions.filter(
        (version, rank) =>
          rank >= KEPT_VERSIONS && !used[rank] && hideUnlessUsed(locks, dataDir, version),
      );
    },
  );
  await removeLeftovers(apps, 0);
  const binaries = await pruneBinaries(join(dataDir, 'bin'), oldestUse(dataDir));
  await removeOldUploads(join(dataDir, 'tmp'));
  return { versions: hidden, binaries };
}

/** Latest first, by the mark that every start touches. */
function listByUse(apps: string): string[] {
  const usedMs = (version: string): number =>
    statSync(join(apps, version, 'complete'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(apps)
    .filter((name) => /^[0-9a-f]{64}-/.test(name))
    .map((name) => ({ name, at: usedMs(name) }))
    .sort((a, b) => b.at - a.at)
    .map(({ name }) => name);
}

function hideUnlessUsed(locks: Locks, dataDir: string, version: string): boolean {
  const path = join(dataDir, 'app', version);
  const hidden = hideTree(path);
  if (!hidden) return false;
  // A process may have marked it after the first look; none can any more.
  if (!isInUse(locks, dataDir, version)) return true;
  renameSync(hidden, path);
  return false;
}

/**
 * When the server that has been running longest was started; the marks of dead ones are
 * gone.
 */
function oldestUse(dataDir: string): number {
  const run = join(dataDir, 'run');
  const times = readdirSync(run)
    .filter((name) => name.endsWith('.use'))
    .map((name) => statSync(join(run, name), { throwIfNoEntry: false })?.mtimeMs);
  return Math.min(Date.now(), ...times.filter((time) => time !== undefined));
}

/**
 * Every start refreshes the times of the directories it uses, just before it marks
 * itself: what is older than all running servers serves none of them.
 */
async function pruneBinaries(bin: string, oldestUseMs: number): Promise<string[]> {
  const before = Math.min(Date.now() - 30 * DAY_MS, oldestUseMs - 60_000);
  const names = readdirSync(bin).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const old = names.filter((name) => lstatSync(join(bin, name)).mtimeMs < before);
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
