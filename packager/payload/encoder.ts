import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import type { PayloadPart } from '../../contract/manifest.ts';

export type EncodedPart = Omit<PayloadPart, 'fromEnd'>;

/**
 * Compresses and hashes what is written to it, in constant memory. Compression runs on
 * another thread while the caller reads the next piece.
 */
export class PartEncoder {
  readonly #hash = createHash('sha256');
  readonly #zstd: ReturnType<typeof createZstdCompress>;
  readonly #done: Promise<void>;
  /** Of whoever waits for room. */
  #resume: () => void = () => {};
  #size = 0;
  #length = 0;

  /**
   * `write` gets the compressed pieces in order. What it throws comes out of `finish`.
   */
  constructor(level: number, write: (piece: Buffer) => void) {
    this.#zstd = createZstdCompress({
      chunkSize: 1 << 20,
      params: { [constants.ZSTD_c_compressionLevel]: level },
    });
    this.#zstd.on('data', (piece: Buffer) => {
      this.#length += piece.length;
      try {
        write(piece);
      } catch (error) {
        this.#zstd.destroy(error as Error);
      }
    });
    this.#zstd.on('drain', () => this.#resume());
    this.#zstd.on('close', () => this.#resume());
    this.#done = finished(this.#zstd);
    // Asked for only in the end; until then it must not count as unhandled.
    this.#done.catch(() => {});
  }

  /** Resolves when more may be written; the piece must stay as it is. */
  async write(piece: Buffer): Promise<void> {
    if (this.#zstd.destroyed) return this.#done;
    this.#size += piece.length;
    this.#hash.update(piece);
    if (this.#zstd.write(piece)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resume = resolve;
    await promise;
  }

  async finish(): Promise<EncodedPart> {
    this.#zstd.end();
    await this.#done;
    return {
      length: this.#length,
      size: this.#size,
      sha256: this.#hash.digest('hex'),
    };
  }

  /** Frees what an error left. */
  close(): void {
    this.#zstd.destroy();
  }
}
