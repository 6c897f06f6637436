import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOsText } from '../os-text.ts';
import { assertOwn, fileSystemError } from '../payload/data-dir.ts';
import { isInUse, type Locks } from '../payload/lock.ts';

/** Those used last: programs that `php-cli` became start others, which read them. */
const KEPT_FILES = 1000;

/**
 * Path of a file with this content below `<data>/run`, named by its hash: instances with
 * different configurations share a data directory. Written, or verified and marked as used.
 */
export function writeIni(dataDir: string, text: string, loadLocks: () => Locks): string {
  const bytes = encodeOsText(text);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const run = join(dataDir, 'run');
  const path = join(run, `${hash}.ini`);
  if (isSame(path, bytes)) return path;
  const scratch = join(run, `.new-${hash}-${process.pid}`);
  try {
    rmSync(scratch, { force: true });
    writeFileSync(scratch, bytes, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(scratch, path);
    removeOldest(dataDir, loadLocks);
  } catch (error) {
    throw fileSystemError(error, path);
  }
  return path;
}

function isSame(path: string, bytes: Buffer): boolean {
  try {
    assertOwn(path, 'file');
    if (!readFileSync(path).equals(bytes)) return false;
    const now = Date.now() / 1000;
    utimesSync(path, now, now);
    return true;
  } catch {
    return false;
  }
}

/** Never those a server runs with: what it starts reads them as long as it lives. */
function removeOldest(dataDir: string, loadLocks: () => Locks): void {
  const run = join(dataDir, 'run');
  const files = readdirSync(run).filter((name) => name.endsWith('.ini'));
  if (files.length <= KEPT_FILES) return;
  const time = (name: string): number =>
    statSync(join(run, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const byUse = files.map((name) => ({ name, at: time(name) }));
  const oldest = byUse.sort((a, b) => a.at - b.at).slice(0, -KEPT_FILES);
  const locks = loadLocks();
  for (const { name } of oldest) {
    if (!isInUse(locks, dataDir, name)) rmSync(join(run, name), { force: true });
  }
}
