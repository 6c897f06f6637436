import { errnoOf } from '../errors.ts';
import type { PhpRequestBody } from '../php/types.ts';
import { addPiece } from './blocks.ts';
import type { FrontResponse } from './response.ts';
import { isNoSpace } from './spool.ts';
import { SpoolFile } from './spool-file.ts';

/** Longer bodies go to a file. */
const MAX_MEMORY_BYTES = 128 * 1024;
/** What all bodies together may hold in memory; beyond it every body goes to a file. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
/** Of one body, waiting to be written to its file: then the client is asked to wait. */
const MAX_QUEUED_BYTES = 1024 * 1024;

let totalBytes = 0;

export interface BodyReceiver {
  /** `length`: of the body. The receiver calls close() when PHP has it. */
  onBody(body: PhpRequestBody, length: number): void;
  /** 400, 408, 413, 500 or 507; nothing has been sent. */
  onBodyFailed(status: number, error: Error | null): void;
}

/**
 * Receives a request's body before PHP is involved, so that a slow client holds no
 * worker: in memory, or in a nameless file when it is long.
 */
export class BufferedBody {
  readonly #response: FrontResponse;
  readonly #receiver: BodyReceiver;
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  /** Small ones at their end. */
  #tiny = 0;
  /** Received so far. */
  #length = 0;
  #heldBytes = 0;
  #file: SpoolFile | null = null;
  #hasEnded = false;
  #isDone = false;

  constructor(response: FrontResponse, receiver: BodyReceiver) {
    this.#response = response;
    this.#receiver = receiver;
    const { maxBodyBytes } = response.front!.config.http;
    this.#maxBytes = maxBodyBytes === 0 ? Number.POSITIVE_INFINITY : maxBodyBytes;
  }

  receive(): void {
    const { req } = this.#response;
    const { bodyIdleTimeoutMs } = this.#response.front!.config.http;
    req.on('data', this.#onData);
    req.on('end', this.#onEnd);
    req.on('timeout', this.#onTimeout);
    req.on('error', ignoreError);
    req.socket.setTimeout(bodyIdleTimeoutMs);
    if (this.#response.expectsContinue) {
      this.#response.expectsContinue = false;
      this.#response.writeContinue();
    }
  }

  /** The body has been handed over, or nobody wants it any more. */
  close(): void {
    this.#stop();
    this.#file?.close();
    this.#file = null;
  }

  /** The connection's parser found the rest of the body malformed. */
  fail(status: number): void {
    if (!this.#isDone) this.#fail(status, null);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) return this.#fail(413, null);
    if (this.#file !== null) {
      this.#file.append(chunk);
      if (this.#file.queuedBytes > MAX_QUEUED_BYTES) this.#response.req.pause();
      return;
    }
    this.#tiny = addPiece(this.#pieces, chunk, this.#tiny);
    this.#heldBytes += chunk.length;
    totalBytes += chunk.length;
    if (this.#length > MAX_MEMORY_BYTES || totalBytes > MAX_TOTAL_BYTES) this.#spool();
  };

  #spool(): void {
    try {
      this.#file = new SpoolFile(this.#response.front!.spool.openFile(), this.#onWritten);
    } catch (error) {
      return this.#fail(isNoSpace(error) ? 507 : 500, error as Error);
    }
    for (const piece of this.#pieces) this.#file.append(piece);
    this.#releaseMemory();
  }

  readonly #onWritten = (error: Error | null): void => {
    if (this.#isDone) return;
    if (error) return this.#fail(isNoSpace(error) ? 507 : 500, error);
    const queued = this.#file!.queuedBytes;
    if (this.#hasEnded && queued === 0) return this.#finish();
    if (queued < MAX_QUEUED_BYTES / 2) this.#response.req.resume();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (!this.#isDone && (this.#file === null || this.#file.queuedBytes === 0)) {
      this.#finish();
    }
  };

  readonly #onTimeout = (): void => {
    // While the disk is slow it is not the client who is late.
    if (!this.#response.req.isPaused()) this.#fail(408, null);
  };

  #finish(): void {
    const pieces = this.#pieces;
    this.#stop();
    if (this.#file !== null) {
      const body: PhpRequestBody = {
        kind: 'file',
        fd: this.#file.fd,
        length: this.#length,
      };
      this.#receiver.onBody(body, this.#length);
    } else if (this.#length === 0) {
      this.#receiver.onBody({ kind: 'none' }, 0);
    } else {
      const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      this.#receiver.onBody({ kind: 'bytes', bytes }, this.#length);
    }
  }

  #fail(status: number, error: Error | null): void {
    this.close();
    this.#receiver.onBodyFailed(status, error);
  }

  #stop(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const { req } = this.#response;
    req.off('data', this.#onData);
    req.off('end', this.#onEnd);
    req.off('timeout', this.#onTimeout);
    this.#response.stopWatching();
    this.#releaseMemory();
  }

  #releaseMemory(): void {
    totalBytes -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#pieces = [];
  }
}

function ignoreError(): void {}

/** For the log: why a body could not be kept. */
export function describeSpoolError(error: Error): string {
  return `The request body cannot be spooled: ${errnoOf(error) || error.message}`;
}
