import { BLOCK_BYTES, returnBlock, takeBlock } from './blocks.ts';

/** Up to here one string with the head is cheaper to write than two buffers. */
const MAX_TEXT_BYTES = 16 * 1024;

/**
 * The first bytes of a response, held back until the end of the turn in the hope that it
 * ends there as well.
 */
export class HeldBody {
  #text = '';
  #block: Buffer | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `view`. False: too much to be held. */
  add(view: Buffer): boolean {
    const length = this.#length + view.length;
    if (this.#block === null && length <= MAX_TEXT_BYTES) {
      this.#text += view.toString('latin1');
    } else if (length <= BLOCK_BYTES) {
      view.copy(this.#toBlock(), this.#length);
    } else {
      return false;
    }
    this.#length = length;
    return true;
  }

  /** For one write; valid until release(). */
  get content(): string | Buffer {
    return this.#block === null ? this.#text : this.bytes;
  }

  get bytes(): Buffer {
    return this.#toBlock().subarray(0, this.#length);
  }

  truncate(length: number): void {
    this.#length = length;
    this.#text = this.#text.slice(0, length);
  }

  /** The bytes have been written or copied. */
  release(): void {
    if (this.#block !== null) returnBlock(this.#block);
    this.forget();
  }

  /** The bytes may still be in use; they become garbage. */
  forget(): void {
    this.#block = null;
    this.#text = '';
    this.#length = 0;
  }

  #toBlock(): Buffer {
    if (this.#block === null) {
      this.#block = takeBlock();
      this.#block.write(this.#text, 'latin1');
    }
    return this.#block;
  }
}
