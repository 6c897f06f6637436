import type { Readable } from 'node:stream';
import { byteOf, type Channel, wordOf } from './channel.ts';
import { DamageError } from './failure.ts';
import { REQUEST_RING, REQUEST_RING_OFFSET, slot as field } from './layout.ts';

const BODY_WRITTEN = field.body_written >> 2;
const BODY_READ = field.body_read >> 2;
const BODY_ENDED = field.body_ended >> 2;
const FRONT_WAITS = field.front_waits >> 2;

/** Moves a request body into its slot's request ring, as fast as the worker reads it. */
export interface BodyFeed {
  /** Starts with an empty ring, before the slot is offered to the workers. */
  start(channel: Channel, slot: number): void;
  /** The worker has read bytes. */
  pump(): void;
  /** The worker needs no more, or the client broke off (`broken`). Any number of times. */
  stop(broken: boolean): void;
  /** True while nothing has been consumed that a second start() would miss. */
  readonly isRestartable: boolean;
  /** Bytes that have been in the ring; their position in it wraps. */
  readonly written: number;
}

/** The front's end of a slot's request ring. Throws DamageError when its words are wrong. */
abstract class RingFeed implements BodyFeed {
  protected channel: Channel | null = null;
  protected slot = -1;
  written = 0;

  abstract readonly isRestartable: boolean;
  abstract start(channel: Channel, slot: number): void;
  abstract pump(): void;
  abstract stop(broken: boolean): void;

  /** The ring is empty, and nobody reads it yet. */
  protected begin(channel: Channel, slot: number): void {
    this.channel = channel;
    this.slot = slot;
    this.written = 0;
  }

  /** Writes `bytes` from `start` on as far as they fit; asks for news if that is not all. */
  protected fill(bytes: Buffer, start: number): number {
    let position = start + this.#write(bytes, start);
    while (position < bytes.length) {
      Atomics.store(this.channel!.words, wordOf(this.slot) + FRONT_WAITS, 1);
      // Looks again after asking: the worker may have read in between.
      const more = this.#write(bytes, position);
      if (more === 0) break;
      position += more;
    }
    return position;
  }

  protected endBody(how: 1 | 2): void {
    Atomics.store(this.channel!.words, wordOf(this.slot) + BODY_ENDED, how);
  }

  /** Copies what fits of `bytes` from `start` on; returns how much that was. */
  #write(bytes: Buffer, start: number): number {
    const channel = this.channel!;
    const count = Math.min(this.#space(channel), bytes.length - start);
    if (count === 0) return 0;
    const ring = byteOf(this.slot) + REQUEST_RING_OFFSET;
    const from = this.written & (REQUEST_RING - 1);
    const first = Math.min(count, REQUEST_RING - from);
    bytes.copy(channel.bytes, ring + from, start, start + first);
    if (first < count) bytes.copy(channel.bytes, ring, start + first, start + count);
    this.written += count;
    const word = wordOf(this.slot) + BODY_WRITTEN;
    Atomics.store(channel.words, word, this.written | 0);
    return count;
  }

  #space(channel: Channel): number {
    // The first bytes need no look: nothing has been read of nothing.
    if (this.written === 0) return REQUEST_RING;
    const read = Atomics.load(channel.words, wordOf(this.slot) + BODY_READ);
    const used = ((this.written | 0) - read) >>> 0;
    if (used > REQUEST_RING) throw new DamageError('body_read', read >>> 0);
    return REQUEST_RING - used;
  }
}

export class BytesFeed extends RingFeed {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    super();
    this.#bytes = bytes;
  }

  get isRestartable(): boolean {
    return true;
  }

  start(channel: Channel, slot: number): void {
    this.begin(channel, slot);
    this.#position = 0;
    this.#write();
  }

  pump(): void {
    if (!this.channel || this.#position === this.#bytes.length) return;
    this.#write();
    this.channel.ringBell(this.slot);
  }

  stop(broken: boolean): void {
    const { channel } = this;
    if (channel && broken && this.#position < this.#bytes.length) {
      this.endBody(2);
      channel.ringBell(this.slot);
    }
    this.channel = null;
  }

  #write(): void {
    this.#position = this.fill(this.#bytes, this.#position);
    if (this.#position === this.#bytes.length) this.endBody(1);
  }
}

/**
 * A body that is still arriving. The stream stays paused while the ring is full, so that
 * the client feels the script's pace. The stream is not destroyed: its owner decides.
 */
export class StreamFeed extends RingFeed {
  readonly #stream: Readable;
  #chunk: Buffer | null = null;
  #position = 0;
  #hasStarted = false;
  #hasEnded = false;

  constructor(stream: Readable) {
    super();
    this.#stream = stream;
  }

  get isRestartable(): boolean {
    return !this.#hasStarted;
  }

  start(channel: Channel, slot: number): void {
    this.begin(channel, slot);
    this.#hasStarted = true;
    const stream = this.#stream;
    if (stream.readableEnded) return this.#end(1);
    if (stream.destroyed) return this.#end(2);
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.on('error', this.#onBroken);
    stream.on('close', this.#onBroken);
  }

  pump(): void {
    const { channel } = this;
    if (!channel || !this.#chunk) return;
    this.#position = this.fill(this.#chunk, this.#position);
    channel.ringBell(this.slot);
    if (this.#position < this.#chunk.length) return;
    this.#chunk = null;
    if (this.#hasEnded) this.#end(1);
    else this.#stream.resume();
  }

  stop(broken: boolean): void {
    if (!this.channel) return;
    if (broken) this.#end(2);
    else this.#detach();
  }

  // One closure per streamed body, none per chunk.
  readonly #onData = (chunk: Buffer): void => {
    this.#chunk = chunk;
    this.#position = 0;
    // Which pumps, and bears what that throws.
    this.channel!.advance(this.slot);
    if (this.#chunk) this.#stream.pause();
  };

  // A paused stream still emits 'end' (and then 'close') after its last chunk.
  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (!this.#chunk) this.#end(1);
  };
  readonly #onBroken = (): void => {
    if (!this.#hasEnded) this.#end(2);
  };

  #end(how: 1 | 2): void {
    const { channel } = this;
    if (!channel) return;
    this.endBody(how);
    this.#detach();
    channel.ringBell(this.slot);
  }

  #detach(): void {
    this.channel = null;
    this.#chunk = null;
    const stream = this.#stream;
    stream.off('data', this.#onData);
    stream.off('end', this.#onEnd);
    stream.off('close', this.#onBroken);
    // An 'error' without a listener would end the process; the stream is not ours to destroy.
    stream.off('error', this.#onBroken);
    stream.on('error', ignoreError);
  }
}

function ignoreError(): void {}
