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

  async add(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + CHUNK_BYTES - this.#filled);
      this.#chunk.set(part, this.#filled);
      at += part.length;
      this.#filled += part.length;
      if (this.#filled === CHUNK_BYTES) await this.flush();
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
