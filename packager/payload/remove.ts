import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Removes a tree whose directories are read-only, as the product extracts them. */
export function removeReadOnlyTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Not root: the right to write comes first.
    allowWriting(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function allowWriting(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) allowWriting(join(path, entry.name));
  }
}
