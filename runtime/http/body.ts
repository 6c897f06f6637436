import { errnoOf } from '../errors.ts';
import type { PhpRequestBody } from '../php/types.ts';
import { GrowingBytes } from './growing-bytes.ts';
import type { FrontResponse } from './response.ts';
import { isNoSpace } from './spool.ts';
import { SpoolFile } from './spool-file.ts';

/** Longer bodies go to a file. */
const MAX_MEMORY_BYTES = 128 * 1024;
/** While memory is short. */
const MAX_TIGHT_BYTES = 8 * 1024;

export interface BodyReceiver {
  /** `length`: of the body. The receiver calls close() when PHP has it. */
  onBody(body: PhpRequestBody, length: number): void;
  /** 400, 408, 413, 500 or 507; nothing has been sent. */
  onBodyFailed(status: number, error: Error | null): void;
}

/**
 * Receives a request's body before PHP is involved, so that a slow client holds no
 * worker: in memory, or in a nameless file when it is long. The budget has it until
 * release().
 */
export class BufferedBody {
  readonly #response: FrontResponse;
  readonly #receiver: BodyReceiver;
  readonly #maxBytes: number;
  readonly #bytes = new GrowingBytes();
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

  /** PHP's side has opened the file; it calls release() itself. */
  handOver(): void {
    this.#file?.closeDescriptor();
  }

  /** Nobody holds or wants the body any more. */
  readonly release = (): void => {
    this.#stop();
    this.#file?.close();
    this.#file = null;
    this.#releaseMemory();
  };

  /** The connection's parser found the rest of the body malformed. */
  fail(status: number): void {
    if (!this.#isDone) this.#fail(status, null);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) return this.#fail(413, null);
    if (this.#file === null) {
      if (this.#keep(chunk)) return;
      this.#spool();
    }
    this.#append(chunk);
  };

  /** False: it is too long for memory, or memory too short for it. */
  #keep(chunk: Buffer): boolean {
    const { budget } = this.#response.front!;
    const capacity = this.#bytes.capacityWith(chunk);
    if (this.#length > (budget.isTight ? MAX_TIGHT_BYTES : MAX_MEMORY_BYTES))
      return false;
    if (!budget.take(capacity - this.#heldBytes)) return false;
    this.#heldBytes = capacity;
    this.#bytes.append(chunk);
    return true;
  }

  #spool(): void {
    const { spool, budget } = this.#response.front!;
    try {
      this.#file = new SpoolFile(spool.openFile(), budget, this.#onWritten);
    } catch (error) {
      return this.#fail(isNoSpace(error) ? 507 : 500, error as Error);
    }
    const bytes = this.#bytes.take();
    this.#releaseMemory();
    if (bytes.length > 0) this.#append(bytes);
  }

  #append(bytes: Buffer): void {
    const file = this.#file;
    if (file === null) return;
    file.append(bytes);
    if (file.isBehind) this.#response.req.pause();
  }

  readonly #onWritten = (error: Error | null): void => {
    if (this.#isDone) return;
    if (error) return this.#fail(isNoSpace(error) ? 507 : 500, error);
    const file = this.#file!;
    if (this.#hasEnded && file.queuedBytes === 0) return this.#finish();
    if (file.hasCaughtUp) this.#response.req.resume();
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
    this.#stop();
    const length = this.#length;
    const { release } = this;
    if (this.#file !== null) {
      const { fd } = this.#file;
      this.#receiver.onBody({ kind: 'file', fd, length, release }, length);
    } else if (length === 0) {
      this.#receiver.onBody({ kind: 'none' }, 0);
    } else {
      const bytes = this.#bytes.take();
      this.#receiver.onBody({ kind: 'bytes', bytes, release }, length);
    }
  }

  #fail(status: number, error: Error | null): void {
    this.release();
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
  }

  #releaseMemory(): void {
    this.#response.front!.budget.give(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

function ignoreError(): void {}

/** For the log: why a body could not be kept. */
export function describeSpoolError(error: Error): string {
  return `The request body cannot be spooled: ${error.message || errnoOf(error)}`;
}
