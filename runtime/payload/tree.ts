import {
  chmodSync,
  closeSync,
  futimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isCleanPath, isInside } from '../../contract/paths.ts';
import { ProductError } from '../errors.ts';
import type { TarEntry, TarSink } from './tar.ts';

/** A path of the app whose content lies elsewhere; in the tree it becomes a link. */
export interface LinkedPath {
  /**
   * Relative to the app's root, without a slash at the end; inside no other linked path.
   */
  path: string;
  /** Directory that gets what the archive has at `path`, under the same path. Exists. */
  store: string;
  /** Directory whose `path` the link leads to, by its final name; need not exist yet. */
  home: string;
}

export interface TreeTarget {
  /** Gets the app, read-only. Exists and is empty. */
  tree: string;
  /** The tree's final name: links are relative, so that a data directory can be moved. */
  finalTree: string;
  links: readonly LinkedPath[];
}

/** OPcache takes files without a time for changed ones; the epoch is as good as none. */
const EARLIEST_MTIME = 1;

/** Writes a tar's entries to disk; nothing outside of tree and stores is ever touched. */
export class TreeWriter implements TarSink {
  readonly #target: TreeTarget;
  /**
   * Directories made here, by absolute path: nothing is written through anything else.
   */
  readonly #directories = new Map<string, number>();
  /** Theirs, in seconds; what is made in a directory changes it, so they are set last. */
  readonly #times = new Map<string, number>();
  #fd = -1;
  #mtime = EARLIEST_MTIME;
  files = 0;

  constructor(target: TreeTarget) {
    this.#target = target;
    this.#directories.set(target.tree, 0o555);
    for (const { store } of target.links) this.#directories.set(store, 0o755);
  }

  onEntry(entry: TarEntry): void {
    const { path, kind } = entry;
    if (path === '.' && kind === 'directory') {
      this.#times.set(this.#target.tree, entry.mtimeSeconds);
      return;
    }
    if (!isCleanPath(path)) {
      throw refuse(path, 'is not a clean relative path');
    }
    const link = this.#linkAround(path);
    const isWritable = link !== undefined;
    const absolute = join(link?.store ?? this.#target.tree, path);
    this.#makeParents(absolute, isWritable);
    const mode = isWritable ? writableMode(entry) : readOnlyMode(entry);
    if (kind === 'directory') {
      this.#makeDirectory(absolute, mode, true);
      this.#times.set(absolute, entry.mtimeSeconds);
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
    const { tree, finalTree, links } = this.#target;
    for (const { path, home } of links) {
      const place = join(tree, path);
      this.#makeParents(place, false);
      symlinkSync(relative(dirname(join(finalTree, path)), join(home, path)), place);
    }
    // Innermost first: without write permission nothing more can be made inside.
    const paths = [...this.#directories.keys()].sort((a, b) => b.length - a.length);
    for (const path of paths) chmodSync(path, this.#directories.get(path)!);
    for (const [path, time] of this.#times) utimesSync(path, time, time);
  }

  /** Closes what an error left open. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #linkAround(path: string): LinkedPath | undefined {
    return this.#target.links.find((link) => isInside(path, link.path));
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
        // Not made by us as a directory: a file or a link of the same archive is in the
        // way.
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
