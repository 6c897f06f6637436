import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { assertOwn, fileSystemError } from './data-dir.ts';
import type { PayloadPart } from '../../contract/manifest.ts';
import { readPart } from './part.ts';
import { hideTree, NEW_PREFIX, removeTree } from './remove.ts';
import type { OpenPayload } from './trailer.ts';

/**
 * Path of a program or library of the payload, `<data>/bin/<sha256>/<name>`; written and
 * verified first when it is not there. Needs no lock: whoever renames first wins, all
 * others find the same bytes. Throws PHPACK_E_PAYLOAD_DAMAGED and what data-dir.ts
 * throws.
 */
export async function installBinary(
  payload: OpenPayload,
  dataDir: string,
  name: 'php' | 'channel.node',
  part: PayloadPart,
  signal?: AbortSignal,
): Promise<string> {
  const bin = join(dataDir, 'bin');
  const final = join(bin, part.sha256);
  const path = join(final, name);
  if (isInstalled(path, part.size)) return path;
  let scratch = '';
  try {
    scratch = mkdtempSync(join(bin, NEW_PREFIX));
    await writeDurably(payload, name, part, join(scratch, name), signal);
    chmodSync(scratch, 0o555);
    syncDirectory(scratch);
    for (;;) {
      if (renameUnlessExists(scratch, final)) break;
      // Another process was faster, or what is there has been cut off by a failing disk.
      if (isInstalled(path, part.size)) {
        await removeTree(scratch);
        return path;
      }
      const hidden = hideTree(final);
      if (hidden) await removeTree(hidden);
    }
    syncDirectory(bin);
    return path;
  } catch (error) {
    if (scratch) await removeTree(scratch).catch(() => {});
    throw fileSystemError(error, path);
  }
}

/** Also refreshes its time, by which prune tells what is still wanted. */
function isInstalled(path: string, size: number): boolean {
  try {
    assertOwn(dirname(path), 'directory');
    if (assertOwn(path, 'file').size !== size) return false;
    const now = Date.now() / 1000;
    utimesSync(dirname(path), now, now);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function writeDurably(
  payload: OpenPayload,
  name: string,
  part: PayloadPart,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const fd = openSync(path, 'wx', 0o555);
  const write = (chunk: Buffer): void => {
    for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
  };
  try {
    await readPart(payload, name, part, write, signal);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function renameUnlessExists(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST' || code === 'ENOTEMPTY') return false;
    throw error;
  }
}

export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** False on file systems mounted noexec: there, access(2) denies it even to root. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
