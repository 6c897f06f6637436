/** Few enough hand-overs to the compressor, little enough memory. */
export const CHUNK_BYTES = 1 << 20;

/** Gathers small pieces into chunks of a fixed size. */
export class Chunks {
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
