import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Content of a file, or where a link leads. A name with `/` at its end is a directory.
 */
export type TreeContent = Readonly<Record<string, string | { link: string }>>;

export interface TemporaryTree extends Disposable {
  root: string;
}

/** A directory with these files, and its removal. */
export function temporaryTree(content: TreeContent): TemporaryTree {
  const root = mkdtempSync(join(tmpdir(), 'phpack-unit-'));
  for (const [path, value] of Object.entries(content)) {
    const absolute = join(root, path);
    mkdirSync(path.endsWith('/') ? absolute : dirname(absolute), { recursive: true });
    if (path.endsWith('/')) continue;
    if (typeof value === 'string') writeFileSync(absolute, value);
    else symlinkSync(value.link, absolute);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
