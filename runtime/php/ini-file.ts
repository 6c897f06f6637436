import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertOwn, fileSystemError } from '../payload/data-dir.ts';

/**
 * Files of earlier configurations that are kept: children of running servers read them.
 */
const KEPT_FILES = 50;

/**
 * Path of a file with this content below `<data>/run`, named by its hash: instances with
 * different configurations share a data directory.
 */
export function writeIni(dataDir: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const run = join(dataDir, 'run');
  const path = join(run, `${hash}.ini`);
  if (isSame(path, text)) return path;
  const scratch = join(run, `.new-${hash}-${process.pid}`);
  try {
    rmSync(scratch, { force: true });
    writeFileSync(scratch, text, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(scratch, path);
    removeOldest(run);
  } catch (error) {
    throw fileSystemError(error, path);
  }
  return path;
}

function isSame(path: string, text: string): boolean {
  try {
    assertOwn(path, 'file');
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
  }
}

function removeOldest(run: string): void {
  const files = readdirSync(run).filter((name) => name.endsWith('.ini'));
  if (files.length <= KEPT_FILES) return;
  const time = (name: string): number =>
    statSync(join(run, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const oldest = files.sort((a, b) => time(a) - time(b)).slice(0, -KEPT_FILES);
  for (const name of oldest) rmSync(join(run, name), { force: true });
}
