import { BLOCK_BYTES, returnBlock, takeBlock } from './blocks.ts';

/** Up to here one string with the head is cheaper to write than two buffers. */
const MAX_TEXT_BYTES = 16 * 1024;
/** More goes out as it comes, in chunks. */
const MAX_BYTES = 256 * 1024;

/**
 * The first bytes of a response, held back until the end of the turn in the hope that it
 * ends there as well.
 */
export class HeldBody {
  #text = '';
  /** Full ones, but for the last. */
  #blocks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `view`. False: too much to be held. */
  add(view: Buffer): boolean {
    const length = this.#length + view.length;
    if (length > MAX_BYTES) return false;
    if (this.#blocks.length === 0 && length <= MAX_TEXT_BYTES) {
      this.#text += view.toString('latin1');
      this.#length = length;
    } else {
      this.#leaveText();
      this.#copy(view);
    }
    return true;
  }

  /** For one write, when it is no more than a block; valid until release(). */
  get content(): string | Buffer {
    return this.#blocks[0]?.subarray(0, this.#length) ?? this.#text;
  }

  /** Valid until release(). */
  get pieces(): Buffer[] {
    this.#leaveText();
    return this.#blocks.map((block, index) =>
      block.subarray(0, Math.min(BLOCK_BYTES, this.#length - index * BLOCK_BYTES)),
    );
  }

  truncate(length: number): void {
    this.#length = length;
    this.#text = this.#text.slice(0, length);
    this.#blocks.length = Math.min(this.#blocks.length, Math.ceil(length / BLOCK_BYTES));
  }

  /** The bytes have been written or copied. */
  release(): void {
    for (const block of this.#blocks) returnBlock(block);
    this.forget();
  }

  /** The bytes may still be in use; they become garbage. */
  forget(): void {
    if (this.#length === 0) return;
    this.#blocks = [];
    this.#text = '';
    this.#length = 0;
  }

  #leaveText(): void {
    if (this.#blocks.length > 0 || this.#text === '') return;
    const block = takeBlock();
    block.write(this.#text, 'latin1');
    this.#blocks.push(block);
    this.#text = '';
  }

  #copy(view: Buffer): void {
    for (let at = 0; at < view.length; ) {
      const used = this.#length % BLOCK_BYTES;
      if (used === 0) this.#blocks.push(takeBlock());
      const count = view.copy(this.#blocks.at(-1)!, used, at);
      at += count;
      this.#length += count;
    }
  }
}
