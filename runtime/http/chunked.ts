const CR = 13;
const LF = 10;
const SEMICOLON = 59;

/** What is read next. */
const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER = 7;
const TRAILER_LF = 8;
const END_LF = 9;
const LOST = 10;

/**
 * The parser tells of each chunk by an event of some µs: a packet of 10,000 chunks of one
 * byte would keep all others waiting.
 */
const MAX_CHUNKS_AT_ONCE = 64;

/**
 * Finds the end of a chunked body (RFC 9112 §7.1) in the pieces it arrives in. What is
 * not exactly in that form has no end: node:http's parser refuses it.
 */
export class ChunkScanner {
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #trailerBytes = 0;

  #hasEnded = false;
  #hasPaused = false;

  get trailerBytes(): number {
    return this.#trailerBytes;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The last advance() stopped in the midst of the body, after so many chunks. */
  get hasPaused(): boolean {
    return this.#hasPaused;
  }

  /** Before the first byte of a body. */
  reset(): void {
    this.#state = SIZE;
    this.#size = 0;
    this.#digits = 0;
    this.#trailerBytes = 0;
    this.#hasEnded = false;
    this.#hasPaused = false;
  }

  /** The index up to which the parser may have `bytes`. */
  advance(bytes: Buffer, from: number): number {
    let left = MAX_CHUNKS_AT_ONCE;
    this.#hasPaused = false;
    for (let at = from; at < bytes.length && this.#state !== LOST; ) {
      if (this.#state === DATA) {
        const count = Math.min(this.#size, bytes.length - at);
        this.#size -= count;
        if (this.#size === 0) this.#state = DATA_CR;
        at += count;
      } else {
        const byte = bytes[at++]!;
        if (this.#state >= TRAILER_START) this.#trailerBytes++;
        this.#hasEnded = this.#state === END_LF && byte === LF;
        if (this.#hasEnded) return at;
        this.#state = this.#after(byte);
        this.#hasPaused = this.#state === DATA_LF && --left === 0;
        if (this.#hasPaused) return at;
      }
    }
    return bytes.length;
  }

  #after(byte: number): number {
    switch (this.#state) {
      case SIZE:
        return this.#afterSize(byte);
      case EXTENSION:
        return byte === CR ? SIZE_LF : byte === LF ? LOST : EXTENSION;
      case SIZE_LF:
        this.#digits = 0;
        return byte !== LF ? LOST : this.#size > 0 ? DATA : TRAILER_START;
      case DATA_CR:
        return byte === CR ? DATA_LF : LOST;
      case DATA_LF:
        return byte === LF ? SIZE : LOST;
      case TRAILER_START:
        return byte === CR ? END_LF : byte === LF ? LOST : TRAILER;
      case TRAILER:
        return byte === CR ? TRAILER_LF : byte === LF ? LOST : TRAILER;
      case TRAILER_LF:
        return byte === LF ? TRAILER_START : LOST;
      default:
        return LOST;
    }
  }

  #afterSize(byte: number): number {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#digits++;
      this.#size = this.#size * 16 + digit;
      return SIZE;
    }
    if (this.#digits === 0) return LOST;
    return byte === CR ? SIZE_LF : byte === SEMICOLON ? EXTENSION : LOST;
  }
}

/** -1: none. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
