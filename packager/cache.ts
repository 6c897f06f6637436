import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Names a cache entry: hash of everything that decides about its bytes. */
export function cacheKey(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  // Each with its length: ['a', 'bc'] is not ['ab', 'c'].
  for (const input of inputs) {
    hash.update(
      `${typeof input === 'string' ? Buffer.byteLength(input) : input.length}:`,
    );
    hash.update(input);
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * Path of a cached file; `make` writes it to the path it gets when it is not there yet.
 * What has the final name is complete: two builds at once both make it, and the last
 * one's stays.
 */
export async function cachedFile(
  file: string,
  make: (scratch: string) => void | Promise<void>,
): Promise<{ path: string; isNew: boolean }> {
  if (existsSync(file)) return { path: file, isNew: false };
  const parent = dirname(file);
  mkdirSync(parent, { recursive: true });
  const scratch = mkdtempSync(join(parent, 'new-'));
  try {
    await make(join(scratch, 'file'));
    renameSync(join(scratch, 'file'), file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { path: file, isNew: true };
}
