const nothing = Buffer.alloc(0);
const MIN_BYTES = 1024;

/**
 * Bytes that arrive in pieces, in one buffer that grows. A piece costs some 500 bytes
 * beside its own: kept one by one, a body in chunks of one byte would take 500 times its
 * size.
 */
export class GrowingBytes {
  #buffer: Buffer = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is held for them. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Of what append() would leave. */
  capacityWith(piece: Buffer): number {
    const length = this.#length + piece.length;
    if (this.#length === 0 || length <= this.#buffer.length) {
      return Math.max(length, this.#buffer.length);
    }
    return Math.max(length, 2 * this.#buffer.length, MIN_BYTES);
  }

  /** Keeps the first piece as it is: nobody else may write to it. */
  append(piece: Buffer): void {
    const capacity = this.capacityWith(piece);
    if (this.#length === 0) {
      this.#buffer = piece;
    } else {
      if (capacity > this.#buffer.length) {
        const larger = Buffer.allocUnsafeSlow(capacity);
        this.#buffer.copy(larger, 0, 0, this.#length);
        this.#buffer = larger;
      }
      piece.copy(this.#buffer, this.#length);
    }
    this.#length += piece.length;
  }

  /** All of them; nothing is kept. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = nothing;
    this.#length = 0;
    return bytes;
  }
}
