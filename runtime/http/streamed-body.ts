import { Transform, type TransformCallback } from 'node:stream';
import type { FrontResponse } from './response.ts';

const BUFFER_BYTES = 16 * 1024;

/**
 * A request body on its way to PHP, for routes that opted out of buffering: counts what
 * the client sends and notices when it stops sending.
 */
export class StreamedBody extends Transform {
  /** At most: what node:http has read ahead, and both ends of this. */
  static readonly heldBytes = 64 * 1024 + 2 * BUFFER_BYTES;

  readonly #response: FrontResponse;
  readonly #onFailed: (status: number) => void;
  #rest: number;

  /** `onFailed`: 408 or 413, at most once. */
  constructor(response: FrontResponse, onFailed: (status: number) => void) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#response = response;
    this.#onFailed = onFailed;
    const { maxBodyBytes, bodyIdleTimeoutMs } = response.front!.config.http;
    this.#rest = maxBodyBytes === 0 ? Number.POSITIVE_INFINITY : maxBodyBytes;
    const { req } = response;
    req.on('timeout', this.#onTimeout);
    req.on('error', (error) => this.destroy(error));
    req.on('end', this.#release);
    req.socket.setTimeout(bodyIdleTimeoutMs);
    req.pipe(this);
    this.on('error', ignoreError);
    this.on('close', this.#release);
    response.on('close', () => this.destroy());
    if (response.expectsContinue) {
      response.expectsContinue = false;
      response.writeContinue();
    }
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#rest -= chunk.length;
    if (this.#rest >= 0) {
      done(null, chunk);
      return;
    }
    done(new Error('the request body is too long'));
    this.#onFailed(413);
  }

  readonly #onTimeout = (): void => {
    // While PHP does not read it is not the client who is late.
    if (this.#response.req.isPaused()) return;
    this.destroy(new Error('the request body is late'));
    this.#onFailed(408);
  };

  readonly #release = (): void => {
    const { req } = this.#response;
    req.off('timeout', this.#onTimeout);
    // After the answer node:http's own clock for idle connections runs.
    if (!this.#response.writableEnded) this.#response.stopWatching();
    // PHP needs no more of it: what still comes is thrown away.
    if (!req.complete) req.resume();
  };
}

function ignoreError(): void {}
