import { close, read } from 'node:fs';
import { BLOCK_BYTES, returnBlock, takeBlock } from '../blocks.ts';
import type { FrontResponse } from '../response.ts';
import type { ByteRange } from './ranges.ts';

/** What a body is made of: bytes of ours, or of the file. */
export type Piece = Buffer | ByteRange;

/**
 * Sends pieces of an open file and closes it, at the client's pace and with one buffer:
 * the next read waits until the socket has taken the last one.
 */
export class FileStream {
  readonly #response: FrontResponse;
  readonly #fd: number;
  readonly #pieces: readonly Piece[];
  readonly #buffer: Buffer;
  #piece = 0;
  /** Within the current range. */
  #position = -1;
  #isReading = false;
  #isClosed = false;

  constructor(response: FrontResponse, fd: number, pieces: readonly Piece[]) {
    this.#response = response;
    this.#fd = fd;
    this.#pieces = pieces;
    this.#buffer = takeBlock();
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
    // A descriptor that is being read from could be another file's by now.
    if (!this.#isReading) this.#close();
  }

  readonly #next = (error?: Error | null): void => {
    if (this.#isClosed || error) return;
    const piece = this.#pieces[this.#piece];
    if (piece === undefined) {
      // The socket has taken everything that was in it.
      returnBlock(this.#buffer);
      this.#response.end();
    } else if (isRange(piece)) {
      this.#read(piece);
    } else {
      this.#piece++;
      this.#write(piece);
    }
  };

  #read(range: ByteRange): void {
    if (this.#position < 0) this.#position = range.start;
    const rest = range.end - this.#position + 1;
    const count = Math.min(rest, BLOCK_BYTES);
    this.#isReading = true;
    read(this.#fd, this.#buffer, 0, count, this.#position, this.#onRead);
  }

  readonly #onRead = (error: Error | null, count: number): void => {
    this.#isReading = false;
    if (this.#isClosed) return this.#close();
    if (error || count === 0) {
      // It has become shorter; the client must not take what it has for the whole.
      this.#response.destroy();
      return;
    }
    const range = this.#pieces[this.#piece] as ByteRange;
    this.#position += count;
    if (this.#position > range.end) {
      this.#position = -1;
      this.#piece++;
    }
    this.#write(this.#buffer.subarray(0, count));
  };

  #write(bytes: Buffer): void {
    this.#response.bodyBytes += bytes.length;
    this.#response.write(bytes, this.#next);
  }

  #close(): void {
    close(this.#fd, ignoreError);
  }
}

function isRange(piece: Piece): piece is ByteRange {
  return !Buffer.isBuffer(piece);
}

function ignoreError(): void {}
