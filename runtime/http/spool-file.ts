import { close, ftruncate, readv, writev } from 'node:fs';
import { addPiece, returnBlock } from './blocks.ts';
import type { Budget } from './budget.ts';

/** Written at once; a longer queue is written in several calls. */
const MAX_PIECES = 256;

/** What may wait for the disk, while memory is not short; then the writer has to. */
const MAX_QUEUED_BYTES = 256 * 1024;

/** While it is: so many chunks of one byte should not cost a call each. */
const MAX_TIGHT_BYTES = 64;

/** As if the disk were full, which it shall not be. */
export class SpoolLimitError extends Error {
  readonly code = 'ENOSPC';

  constructor(bytes: number, problem = 'are in use') {
    super(`ENOSPC: http.spoolBytes (${bytes}) ${problem}`);
  }
}

/**
 * A file that is written at its end in order, without waiting: pieces queue up in memory
 * while a write is under way. Owns its descriptor.
 */
export class SpoolFile {
  readonly fd: number;
  readonly #budget: Budget;
  readonly #onWritten: (error: Error | null) => void;
  #queue: Buffer[] = [];
  /** Small pieces at its end. */
  #tiny = 0;
  #queuedBytes = 0;
  #length = 0;
  /** Of the budget, on disk: what is in the file or will be. */
  #spooledBytes = 0;
  /** Operations of the thread pool that use the descriptor. */
  #operations = 0;
  #isWriting = false;
  #isClosed = false;
  #hasFailed = false;

  /**
   * `onWritten`: the queue has become shorter; or an error, after which nothing is
   * written and the queue only grows.
   */
  constructor(fd: number, budget: Budget, onWritten: (error: Error | null) => void) {
    this.fd = fd;
    this.#budget = budget;
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

  /** Whoever appends should wait until it hasCaughtUp. */
  get isBehind(): boolean {
    return (
      this.#queuedBytes > (this.#budget.isTight ? MAX_TIGHT_BYTES : MAX_QUEUED_BYTES)
    );
  }

  get hasCaughtUp(): boolean {
    return this.#queuedBytes <= (this.#budget.isTight ? 0 : MAX_QUEUED_BYTES / 2);
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
    this.#budget.add(piece.length);
    if (this.#hasFailed) return;
    if (this.#budget.takeSpool(piece.length)) {
      this.#spooledBytes += piece.length;
    } else {
      this.#hasFailed = true;
      process.nextTick(() => this.#onLimit());
    }
    if (!this.#isWriting && !this.#hasFailed) this.#write();
  }

  #onLimit(): void {
    // What is queued in front of the refused piece may still be under way.
    if (this.#isClosed || this.#isWriting) return;
    this.#onWritten(new SpoolLimitError(this.#budget.size.spoolBytes));
  }

  /** After a failure: the pieces that could not be written. */
  takeQueue(): Buffer[] {
    this.#dequeue(this.#queuedBytes);
    return this.#queue.splice(0);
  }

  /** Reads what is in the file at `position`. Not called after close(). */
  read(
    buffers: readonly Buffer[],
    position: number,
    onRead: (error: Error | null, count: number) => void,
  ): void {
    this.#operations++;
    readv(this.fd, buffers, position, (error, bytesRead) => {
      this.#operations--;
      if (this.#isClosed) this.#closeWhenUnused();
      else onRead(error, bytesRead);
    });
  }

  /** Forgets what is in the file, when nothing is queued: its space is given back. */
  rewind(): void {
    if (this.#length === 0 || this.#isWriting || this.#hasFailed) return;
    this.#length = 0;
    this.#giveBack();
    // Only then the next write may start, or it could be cut off.
    this.#isWriting = true;
    this.#operations++;
    ftruncate(this.fd, 0, (error) => this.#onDone(error, 0));
  }

  close(): void {
    this.#giveBack();
    this.closeDescriptor();
  }

  /** Somebody else has opened the file: its space is in use until close(). */
  closeDescriptor(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#dequeue(this.#queuedBytes);
    this.#closeWhenUnused();
  }

  #giveBack(): void {
    this.#budget.giveSpool(this.#spooledBytes);
    this.#spooledBytes = 0;
  }

  #dequeue(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#budget.give(bytes);
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
    this.#dequeue(written);
    if (this.#hasFailed) return this.#onLimit();
    if (this.#queue.length > 0) this.#write();
    this.#onWritten(null);
  }

  /** A number that is closed while a thread uses it could be another file's by then. */
  #closeWhenUnused(): void {
    if (this.#operations === 0) close(this.fd, ignoreError);
  }
}

function ignoreError(): void {}
