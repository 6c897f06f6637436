import { close, ftruncate, read, writev } from 'node:fs';
import { addPiece, returnBlock } from './blocks.ts';

/** Written at once; a longer queue is written in several calls. */
const MAX_PIECES = 256;

/**
 * A file that is written at its end in order, without waiting: pieces queue up in memory
 * while a write is under way. Owns its descriptor.
 */
export class SpoolFile {
  readonly fd: number;
  readonly #onWritten: (error: Error | null) => void;
  #queue: Buffer[] = [];
  /** Small pieces at its end. */
  #tiny = 0;
  #queuedBytes = 0;
  #length = 0;
  /** Operations of the thread pool that use the descriptor. */
  #operations = 0;
  #isWriting = false;
  #isClosed = false;
  #hasFailed = false;

  /**
   * `onWritten`: the queue has become shorter; or an error, after which nothing is
   * written and the queue only grows.
   */
  constructor(fd: number, onWritten: (error: Error | null) => void) {
    this.fd = fd;
    this.#onWritten = onWritten;
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that still wait in memory. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** What follows the file's end is in the queue and stays there. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Takes over `piece`. */
  append(piece: Buffer): void {
    if (this.#isClosed) return;
    this.#tiny = addPiece(this.#queue, piece, this.#tiny);
    this.#queuedBytes += piece.length;
    if (!this.#isWriting && !this.#hasFailed) this.#write();
  }

  /** After a failure: the pieces that could not be written. */
  takeQueue(): Buffer[] {
    this.#queuedBytes = 0;
    return this.#queue.splice(0);
  }

  /** Reads what is in the file at `position` into `buffer`. Not called after close(). */
  read(
    buffer: Buffer,
    count: number,
    position: number,
    onRead: (error: Error | null, count: number) => void,
  ): void {
    this.#operations++;
    read(this.fd, buffer, 0, count, position, (error, bytesRead) => {
      this.#operations--;
      if (this.#isClosed) this.#closeWhenUnused();
      else onRead(error, bytesRead);
    });
  }

  /** Forgets what is in the file, when nothing is queued: its space is given back. */
  rewind(): void {
    if (this.#length === 0 || this.#isWriting || this.#hasFailed) return;
    this.#length = 0;
    // Only then the next write may start, or it could be cut off.
    this.#isWriting = true;
    this.#operations++;
    ftruncate(this.fd, 0, (error) => this.#onDone(error, 0));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#closeWhenUnused();
  }

  #write(): void {
    const pieces = this.#queue.splice(0, MAX_PIECES);
    let bytes = 0;
    for (const piece of pieces) bytes += piece.length;
    this.#isWriting = true;
    this.#operations++;
    writev(this.fd, pieces, this.#length, (error, written) => {
      if (error) this.#queue.unshift(...pieces);
      else if (written === bytes) for (const piece of pieces) returnBlock(piece);
      if (error || written === bytes) return this.#onDone(error, written);
      // A short write is what a nearly full disk does; the rest tells.
      const rest = Buffer.concat(pieces).subarray(written);
      this.#queue.unshift(rest);
      this.#onDone(null, written);
    });
  }

  #onDone(error: Error | null, written: number): void {
    this.#operations--;
    this.#isWriting = false;
    if (this.#isClosed) return this.#closeWhenUnused();
    if (error) {
      this.#hasFailed = true;
      return this.#onWritten(error);
    }
    this.#length += written;
    this.#queuedBytes -= written;
    if (this.#queue.length > 0) this.#write();
    this.#onWritten(null);
  }

  /** A number that is closed while a thread uses it could be another file's by then. */
  #closeWhenUnused(): void {
    if (this.#operations === 0) close(this.fd, ignoreError);
  }
}

function ignoreError(): void {}
