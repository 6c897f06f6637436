import { close, readv } from 'node:fs';
import { returnBlock, takeBlock } from '../blocks.ts';
import { SMALL_PIECE_BYTES } from '../outlet.ts';
import type { FrontResponse } from '../response.ts';
import type { ByteRange } from './ranges.ts';

/** What a body is made of: bytes of ours, or of the file. */
export type Piece = Buffer | ByteRange;

/** Read at once, for a client that keeps up or while there is memory for all. */
const MAX_BLOCKS = 4;

/**
 * Sends pieces of an open file and closes it, at the client's pace. Where memory is not
 * ample, of a slow client only the block is held that the socket has not taken.
 */
export class FileStream {
  readonly #response: FrontResponse;
  readonly #fd: number;
  readonly #pieces: readonly Piece[];
  #piece = 0;
  /** Within the current range. */
  #position = -1;
  #blocks: Buffer[] = [];
  /** Given to the socket, nearly always taken at once, and told so later. */
  #unsent = 0;
  /** For the socket to take the rest of it. */
  #isWaiting = false;
  readonly #inFlight: Buffer[] = [];
  #isSlow = false;
  /** Of the budget. */
  #heldBytes = 0;
  #isReading = false;
  #isClosed = false;

  constructor(response: FrontResponse, fd: number, pieces: readonly Piece[]) {
    this.#response = response;
    this.#fd = fd;
    this.#pieces = pieces;
  }

  /** After the head has been started. */
  run(): void {
    this.#response.listenForClose(this);
    const { socket, front } = this.#response;
    socket?.setTimeout(front!.config.http.writeIdleTimeoutMs);
    this.#next();
  }

  /** The response is complete, or the client is gone. */
  onClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#giveBack();
    // A descriptor that is being read from could be another file's by now.
    if (!this.#isReading) this.#close();
  }

  #next(): void {
    while (!this.#isClosed && !this.#isWaiting) {
      const piece = this.#pieces[this.#piece];
      if (piece === undefined) return void this.#response.end();
      if (isRange(piece)) return this.#read(piece);
      this.#piece++;
      this.#isWaiting = !this.#write(piece);
    }
  }

  #read(range: ByteRange): void {
    if (this.#position < 0) this.#position = range.start;
    let rest = range.end - this.#position + 1;
    const { isAmple, isTight } = this.#response.front!.budget;
    const isSmall = this.#isSlow && isTight;
    const blocks = this.#isSlow && !isAmple ? 1 : MAX_BLOCKS;
    for (let left = blocks; left > 0 && rest > 0; left--) {
      const block = isSmall ? Buffer.allocUnsafeSlow(SMALL_PIECE_BYTES) : takeBlock();
      this.#blocks.push(block.subarray(0, rest));
      rest -= block.length;
    }
    this.#isReading = true;
    readv(this.#fd, this.#blocks, this.#position, this.#onRead);
  }

  readonly #onRead = (error: Error | null, count: number): void => {
    this.#isReading = false;
    const blocks = this.#blocks;
    this.#blocks = [];
    if (this.#isClosed) return this.#close();
    if (error || count === 0) {
      // It has become shorter; the client must not take what it has for the whole.
      this.#response.destroy();
      return;
    }
    this.#isSlow = this.#writeBlocks(blocks, count);
    const range = this.#pieces[this.#piece] as ByteRange;
    if (this.#position > range.end) {
      this.#position = -1;
      this.#piece++;
    }
    this.#next();
  };

  /** Whether the client is slow. Then the rest may be forgotten, and is read again. */
  #writeBlocks(blocks: readonly Buffer[], count: number): boolean {
    const { isAmple } = this.#response.front!.budget;
    let left = count;
    for (const block of blocks) {
      const bytes = block.subarray(0, left);
      if (bytes.length === 0 || (this.#isWaiting && !isAmple)) {
        returnBlock(block);
        continue;
      }
      left -= bytes.length;
      this.#position += bytes.length;
      if (this.#write(bytes)) returnBlock(block);
      else this.#isWaiting = true;
    }
    return this.#isWaiting;
  }

  /** Whether the socket has taken them. */
  #write(bytes: Buffer): boolean {
    const response = this.#response;
    response.bodyBytes += bytes.length;
    this.#unsent++;
    response.write(bytes, this.#onSent);
    // Now, not at the end of the turn as node:http would.
    response.socket?.uncork();
    if (response.writableLength === 0) return true;
    const held = Math.max(0, bytes.buffer.byteLength - SMALL_PIECE_BYTES);
    this.#heldBytes += held;
    this.#inFlight.push(bytes);
    response.front!.budget.add(held);
    return false;
  }

  readonly #onSent = (error?: Error | null): void => {
    if (--this.#unsent > 0 || !this.#isWaiting || error) return;
    this.#isWaiting = false;
    for (const bytes of this.#inFlight.splice(0)) returnBlock(bytes);
    this.#giveBack();
    this.#next();
  };

  #giveBack(): void {
    this.#response.front!.budget.give(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #close(): void {
    close(this.#fd, ignoreError);
  }
}

function isRange(piece: Piece): piece is ByteRange {
  return !Buffer.isBuffer(piece);
}

function ignoreError(): void {}
