import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { errnoOf, PackagerError } from '../errors.ts';
import type { AppEntry, AppTree } from '../project/walk.ts';
import { CHUNK_BYTES, Chunks } from './chunks.ts';
import { type EncodedPart, PartEncoder } from './encoder.ts';
import { findPrecompressed, isCompressedForm } from './precompressed.ts';
import { TarWriter } from './tar.ts';
import { type Age, ageOf, DirectoryTimes, timeOf } from './times.ts';

/**
 * Measured on WordPress and MediaWiki: above 3, every per cent of size costs a tenth of a
 * second or more, and the whole build is to take three.
 */
const LEVEL = 3;

export interface ArchiveOptions {
  /** Gets the compressed bytes in order. */
  write: (piece: Buffer) => void;
  /** Called after each file. */
  onFile: (files: number) => void;
  /** Called for a compressed file that is not what the file beside it holds. */
  onStale: (path: string) => void;
  signal: AbortSignal;
}

/**
 * Packs the tree. The same names, contents and execute bits give the same bytes. Throws
 * PHPACK_E_UNREADABLE and PHPACK_E_CHANGED, and what `write` throws.
 */
export async function archiveTree(
  tree: AppTree,
  options: ArchiveOptions,
): Promise<EncodedPart> {
  const encoder = new PartEncoder(LEVEL, options.write);
  const chunks = new Chunks((chunk) => encoder.write(chunk));
  const tar = new TarWriter((piece) => chunks.add(piece));
  try {
    await new Archiver(tree, tar, options).run();
    await tar.end();
    await chunks.flush();
    return await encoder.finish();
  } finally {
    tar.close();
    encoder.close();
  }
}

class Archiver {
  readonly #tree: AppTree;
  readonly #tar: TarWriter;
  readonly #options: ArchiveOptions;
  readonly #directories = new DirectoryTimes();
  readonly #precompressed: ReadonlyMap<string, string>;
  /** Of the files that lie compressed beside themselves. */
  readonly #digests = new Map<string, Buffer | null>();
  readonly #scratch = Buffer.allocUnsafe(CHUNK_BYTES);

  constructor(tree: AppTree, tar: TarWriter, options: ArchiveOptions) {
    this.#tree = tree;
    this.#tar = tar;
    this.#options = options;
    this.#precompressed = findPrecompressed(tree.entries);
    for (const path of this.#precompressed.values()) this.#digests.set(path, null);
  }

  async run(): Promise<void> {
    const { entries } = this.#tree;
    let files = 0;
    for (const entry of entries) {
      if (entry.kind === 'file') {
        this.#options.signal.throwIfAborted();
        await this.#addFile(entry);
        this.#options.onFile(++files);
      } else if (entry.kind === 'symlink') {
        this.#directories.add(entry, null);
        await this.#tar.add({ ...entry, mtime: timeOf(noDigest, 'any') });
      }
    }
    // Last, and the inner ones first, as their times are made from what is in them.
    const directories = entries.filter(({ kind }) => kind === 'directory').toReversed();
    for (const entry of [...directories, rootEntry]) {
      const digest = this.#directories.digestOf(entry.path);
      if (entry !== rootEntry) this.#directories.add(entry, digest);
      await this.#tar.add({ ...entry, mtime: timeOf(digest, 'any') });
    }
  }

  async #addFile(entry: AppEntry): Promise<void> {
    const file = join(this.#tree.root, entry.path);
    const fd = openFile(file);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw changed(file, 'is no longer a file');
      // As it is now: it may have grown since the walk.
      const { size } = stats;
      const digest = await this.#digest(fd, file, size);
      if (this.#digests.has(entry.path)) this.#digests.set(entry.path, digest);
      this.#directories.add(entry, digest);
      const mtime = timeOf(digest, await this.#ageOf(entry.path, fd));
      const content =
        size <= CHUNK_BYTES
          ? [Buffer.from(this.#scratch.subarray(0, size))]
          : readBig(fd, file, size, digest);
      await this.#tar.add({ ...entry, size, mtime }, content);
    } finally {
      closeSync(fd);
    }
  }

  /** A small file is in `#scratch` afterwards. */
  async #digest(fd: number, file: string, size: number): Promise<Buffer> {
    const hash = createHash('sha256');
    for (let at = 0; at < size; ) {
      const room = this.#scratch.subarray(at % CHUNK_BYTES);
      const read = readPiece(fd, file, room.subarray(0, size - at), at);
      if (read === 0) throw changed(file, `has become shorter by ${size - at} bytes`);
      hash.update(room.subarray(0, read));
      at += read;
      if (at % CHUNK_BYTES !== 0) continue;
      // A signal may have come.
      await setImmediate();
      this.#options.signal.throwIfAborted();
    }
    return hash.digest();
  }

  async #ageOf(path: string, fd: number): Promise<Age> {
    const base = this.#precompressed.get(path);
    // Sorted before it, so its digest is known.
    const digest = base === undefined ? null : this.#digests.get(base);
    if (!digest) return ageOf(path);
    if (await isCompressedForm(fd, path, digest)) return 'compressed';
    this.#options.onStale(path);
    return 'stale';
  }
}

const noDigest = Buffer.alloc(6);

/** The app's own directory has no entry in the tree. */
const rootEntry: AppEntry = {
  path: '.',
  kind: 'directory',
  mode: 0o755,
  size: 0,
  linkTarget: '',
};

/** Its content once more, which must still be what was hashed. */
async function* readBig(
  fd: number,
  file: string,
  size: number,
  digest: Buffer,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for (let at = 0; at < size; ) {
    const room = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
    const read = readPiece(fd, file, room, at);
    if (read === 0) throw changed(file, `has become shorter by ${size - at} bytes`);
    const piece = room.subarray(0, read);
    hash.update(piece);
    at += read;
    yield piece;
  }
  if (!hash.digest().equals(digest)) throw changed(file, 'has changed');
}

/** Not through a link that has been put in the file's place. */
function openFile(file: string): number {
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    return openSync(file, flags);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw changed(file, 'has disappeared');
    throw unreadable(file, error);
  }
}

function readPiece(fd: number, file: string, into: Buffer, at: number): number {
  try {
    return readSync(fd, into, { position: at });
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): PackagerError {
  const seen = `${file} cannot be read: ${errnoOf(cause) || String(cause)}`;
  return new PackagerError('PHPACK_E_UNREADABLE', seen, { cause });
}

function changed(file: string, what: string): PackagerError {
  return new PackagerError('PHPACK_E_CHANGED', `${file} ${what} while it was packed`);
}
