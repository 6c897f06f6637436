import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 5000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined; // its owner has just removed it
  }
}

function tryTake(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Runs the work while holding the cache's build lock, so that two builds do not do the same
 * twice on the same cores. Correctness does not hang on it: everything in the cache appears
 * by rename. A lock whose owner has died is taken over.
 */
export async function withBuildLock<T>(
  cache: string,
  onWait: (pid: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, 'build.lock');
  let told = false;
  while (!tryTake(file)) {
    const pid = readPid(file);
    if (pid !== undefined && !isAlive(pid)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told && pid !== undefined) onWait(pid);
    told = true;
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
