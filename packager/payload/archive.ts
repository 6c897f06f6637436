import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PackagerError } from '../errors.ts';
import type { AppEntry, AppTree } from '../project/walk.ts';
import { type EncodedPart, PartEncoder } from './encoder.ts';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

/** Pieces for the compressor: few enough hand-overs, little enough memory. */
const CHUNK_BYTES = 1 << 20;
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
  let files = 0;
  try {
    for (const entry of tree.entries) {
      if (entry.kind === 'file') {
        options.signal.throwIfAborted();
        await archiveFile(join(tree.root, entry.path), entry, chunks);
        options.onFile(++files);
      } else {
        await chunks.add(tarHeader(entry));
      }
    }
    await chunks.add(tarEnd());
    await chunks.flush();
    return await encoder.finish();
  } finally {
    encoder.close();
  }
}

async function archiveFile(file: string, entry: AppEntry, chunks: Chunks): Promise<void> {
  const fd = openFile(file);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw changed(file, 'is no file any more');
    // As it is now: it may have grown since the walk.
    const size = stats.size;
    await chunks.add(tarHeader({ ...entry, size }));
    for (let left = size; left > 0; ) {
      const read = readPiece(fd, file, chunks.room(left));
      if (read === 0) throw changed(file, `has become shorter by ${left} bytes`);
      left -= read;
      await chunks.used(read);
    }
    await chunks.add(tarPadding(size));
  } finally {
    closeSync(fd);
  }
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

function readPiece(fd: number, file: string, into: Buffer): number {
  try {
    return readSync(fd, into);
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

/** Gathers small pieces into chunks of a fixed size. */
class Chunks {
  readonly #emit: (chunk: Buffer) => Promise<void>;
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;

  constructor(emit: (chunk: Buffer) => Promise<void>) {
    this.#emit = emit;
  }

  /** Where the caller may put up to `bytes` bytes; `used` says how many it were. */
  room(bytes: number): Buffer {
    return this.#chunk.subarray(this.#filled, this.#filled + bytes);
  }

  async used(bytes: number): Promise<void> {
    this.#filled += bytes;
    if (this.#filled === CHUNK_BYTES) await this.flush();
  }

  async add(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      const copied = piece.copy(this.#chunk, this.#filled, at);
      at += copied;
      await this.used(copied);
    }
  }

  async flush(): Promise<void> {
    if (this.#filled === 0) return;
    const chunk = this.#chunk.subarray(0, this.#filled);
    // A new one: the compressor still reads the old.
    this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.#filled = 0;
    await this.#emit(chunk);
  }
}
