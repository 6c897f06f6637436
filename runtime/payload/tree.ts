import {
  chmodSync,
  closeSync,
  futimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ProductError } from '../errors.ts';
import type { TarEntry, TarSink } from './tar.ts';

export interface TreeTarget {
  /** Gets the app, read-only. Exists and is empty. */
  tree: string;
  /** Gets the initial content of writable paths, at the same relative paths. */
  seed: string;
  /**
   * Outermost writable paths, without a slash at the end. In the tree, each becomes a link
   * to the same path below `variable`, which need not exist yet.
   */
  writable: readonly string[];
  /** What the links lead to, as seen when `tree` has its final name. */
  variable: string;
  /** The tree's final name: links are relative, so that a data directory can be moved. */
  finalTree: string;
}

/** OPcache takes files without a time for changed ones; the epoch is as good as none. */
const EARLIEST_MTIME = 1;

/** Writes a tar's entries to disk; nothing outside of `tree` and `seed` is ever touched. */
export class TreeWriter implements TarSink {
  readonly #target: TreeTarget;
  /** Directories made here, by absolute path: nothing is written through anything else. */
  readonly #directories = new Map<string, number>();
  #fd = -1;
  #mtime = EARLIEST_MTIME;
  files = 0;

  constructor(target: TreeTarget) {
    this.#target = target;
    this.#directories.set(target.tree, 0o555);
    this.#directories.set(target.seed, 0o755);
  }

  onEntry(entry: TarEntry): void {
    const { path, kind } = entry;
    if (path === '.' && kind === 'directory') return;
    const parts = path.split('/');
    if (path.includes('\0') || parts.some((p) => p === '' || p === '.' || p === '..')) {
      throw refuse(path, 'is no clean relative path');
    }
    const isWritable = this.#isWritable(path);
    const absolute = join(isWritable ? this.#target.seed : this.#target.tree, path);
    this.#makeParents(absolute, isWritable);
    const mode = isWritable ? writableMode(entry) : readOnlyMode(entry);
    if (kind === 'directory') {
      this.#makeDirectory(absolute, mode, true);
    } else if (kind === 'symlink') {
      symlinkSync(entry.linkTarget, absolute);
    } else {
      // O_EXCL: also fails on a link that an entry before this one may have made.
      this.#fd = openSync(absolute, 'wx', mode);
      this.#mtime = Math.max(entry.mtimeSeconds, EARLIEST_MTIME);
      this.files++;
    }
  }

  onContent(chunk: Buffer, isLast: boolean): void {
    for (let done = 0; done < chunk.length; ) {
      done += writeSync(this.#fd, chunk, done);
    }
    if (!isLast) return;
    futimesSync(this.#fd, this.#mtime, this.#mtime);
    this.close();
  }

  /** Places the links and takes the right to write from the tree's directories. */
  finish(): void {
    const { tree, finalTree, variable } = this.#target;
    for (const path of this.#target.writable) {
      const place = join(tree, path);
      this.#makeParents(place, false);
      if (this.#directories.has(place)) throw refuse(path, 'is writable only in parts');
      symlinkSync(relative(dirname(join(finalTree, path)), join(variable, path)), place);
    }
    // Innermost first: without write permission nothing more can be made inside.
    const paths = [...this.#directories.keys()].sort((a, b) => b.length - a.length);
    for (const path of paths) chmodSync(path, this.#directories.get(path)!);
  }

  /** Closes what an error left open. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #isWritable(path: string): boolean {
    return this.#target.writable.some((w) => path === w || path.startsWith(`${w}/`));
  }

  #makeParents(absolute: string, isWritable: boolean): void {
    const parent = dirname(absolute);
    if (this.#directories.has(parent)) return;
    this.#makeParents(parent, isWritable);
    this.#makeDirectory(parent, isWritable ? 0o755 : 0o555, false);
  }

  #makeDirectory(absolute: string, mode: number, isOwnEntry: boolean): void {
    const isKnown = this.#directories.has(absolute);
    if (!isKnown) {
      try {
        mkdirSync(absolute, 0o755);
      } catch (error) {
        // Not made by us as a directory: a file or a link of the same archive is in the way.
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
          throw refuse(absolute, 'is a file or a link, and a directory of the same name');
        }
        throw error;
      }
    }
    if (!isKnown || isOwnEntry) this.#directories.set(absolute, mode);
  }
}

function readOnlyMode({ kind, mode }: TarEntry): number {
  return kind === 'directory' || (mode & 0o111) !== 0 ? 0o555 : 0o444;
}

/** As packed, but the owner can write and others cannot. */
function writableMode({ kind, mode }: TarEntry): number {
  const own = kind === 'directory' ? 0o700 : 0o600;
  return (mode & 0o755) | own;
}

function refuse(path: string, why: string): ProductError {
  return new ProductError(
    'PHPACK_E_PAYLOAD_DAMAGED',
    `the app's archive: ${path} ${why}`,
  );
}
