import { once } from 'node:events';
import { pack } from 'tar-stream';

/** Largest size that 11 octal digits hold; above, the pax record is what counts. */
const MAX_OCTAL_SIZE = 0o77777777777;

export interface TarHeader {
  path: string;
  kind: 'file' | 'directory' | 'symlink';
  mode: number;
  size: number;
  linkTarget: string;
  /** Seconds. */
  mtime: number;
}

/**
 * Writes an archive as runtime/payload/tar.ts reads it: ustar, with pax records for what
 * does not fit. `emit` gets its bytes, one piece after the other; what it throws comes out
 * of `add` or `end`.
 */
export class TarWriter {
  readonly #pack = pack();
  readonly #emitted: Promise<void>;

  constructor(emit: (piece: Uint8Array) => Promise<void>) {
    this.#emitted = this.#emitAll(emit);
    // Asked for later; until then it must not count as unhandled.
    this.#emitted.catch(() => {});
  }

  /**
   * Resolves when there is room for more. `content` is what a file contains, `size` bytes;
   * its buffers must stay as they are.
   */
  async add(
    header: TarHeader,
    content: Iterable<Buffer> | AsyncIterable<Buffer> = [],
  ): Promise<void> {
    const { promise: taken, resolve, reject } = Promise.withResolvers<void>();
    const sink = this.#pack.entry(fieldsOf(header), (error) => {
      if (error) reject(error);
      else resolve();
    });
    sink.on('error', reject);
    try {
      for await (const piece of content) {
        if (!sink.write(piece)) await Promise.race([once(sink, 'drain'), taken]);
      }
      sink.end(null);
      await taken;
    } catch (error) {
      sink.destroy(error as Error);
      taken.catch(() => {});
      // Rejects with what came first: an error of the taker ends the entry as well.
      await this.#emitted;
      throw error;
    }
  }

  async end(): Promise<void> {
    this.#pack.finalize();
    await this.#emitted;
  }

  /** Frees what an error left. */
  close(): void {
    this.#pack.destroy(null);
  }

  async #emitAll(emit: (piece: Uint8Array) => Promise<void>): Promise<void> {
    for await (const piece of this.#pack) await emit(piece as Uint8Array);
  }
}

function fieldsOf({ path, kind, mode, size, linkTarget, mtime }: TarHeader) {
  return {
    name: kind === 'directory' ? `${path}/` : path,
    type: kind,
    mode,
    size,
    mtime: new Date(mtime * 1000),
    // Nobody's: the numbers of the vendor's machine mean nothing on the customer's.
    uid: 0,
    gid: 0,
    ...(kind === 'symlink' && { linkname: linkTarget }),
    ...(size > MAX_OCTAL_SIZE && { pax: { size } }),
  };
}
