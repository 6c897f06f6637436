import type { Readable } from 'node:stream';
import { byteOf, type Channel, wordOf } from './channel.ts';
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
}

/** Copies what fits of `bytes` from `start` on; returns how much that was. */
function writeRing(channel: Channel, slot: number, bytes: Buffer, start: number): number {
  const { words } = channel;
  const base = wordOf(slot);
  const written = words[base + BODY_WRITTEN]!;
  const used = (written - Atomics.load(words, base + BODY_READ)) >>> 0;
  const count = Math.min(REQUEST_RING - used, bytes.length - start);
  if (count === 0) return 0;
  const ring = byteOf(slot) + REQUEST_RING_OFFSET;
  const from = written & (REQUEST_RING - 1);
  const first = Math.min(count, REQUEST_RING - from);
  bytes.copy(channel.bytes, ring + from, start, start + first);
  if (first < count) bytes.copy(channel.bytes, ring, start + first, start + count);
  Atomics.store(words, base + BODY_WRITTEN, (written + count) | 0);
  return count;
}

/** Writes all of `bytes` from `start` on, or as much as fits and then asks for news. */
function fillRing(channel: Channel, slot: number, bytes: Buffer, start: number): number {
  const { words } = channel;
  let position = start;
  for (;;) {
    position += writeRing(channel, slot, bytes, position);
    if (position === bytes.length) return position;
    // Full. Looks again after asking: the worker may have read in between.
    Atomics.store(words, wordOf(slot) + FRONT_WAITS, 1);
    const more = writeRing(channel, slot, bytes, position);
    if (more === 0) return position;
    position += more;
  }
}

function endBody(channel: Channel, slot: number, how: 1 | 2): void {
  Atomics.store(channel.words, wordOf(slot) + BODY_ENDED, how);
}

export class BytesFeed implements BodyFeed {
  readonly #bytes: Buffer;
  #channel: Channel | null = null;
  #slot = -1;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isRestartable(): boolean {
    return true;
  }

  start(channel: Channel, slot: number): void {
    this.#channel = channel;
    this.#slot = slot;
    this.#position = 0;
    this.#write();
  }

  pump(): void {
    if (!this.#channel || this.#position === this.#bytes.length) return;
    this.#write();
    this.#channel?.ringBell(this.#slot);
  }

  stop(broken: boolean): void {
    const channel = this.#channel;
    this.#channel = null;
    if (!channel || !broken || this.#position === this.#bytes.length) return;
    endBody(channel, this.#slot, 2);
    channel.ringBell(this.#slot);
  }

  #write(): void {
    const channel = this.#channel!;
    this.#position = fillRing(channel, this.#slot, this.#bytes, this.#position);
    if (this.#position === this.#bytes.length) endBody(channel, this.#slot, 1);
  }
}

/**
 * A body that is still arriving. The stream stays paused while the ring is full, so that
 * the client feels the script's pace. The stream is not destroyed: its owner decides.
 */
export class StreamFeed implements BodyFeed {
  readonly #stream: Readable;
  #channel: Channel | null = null;
  #slot = -1;
  #chunk: Buffer | null = null;
  #position = 0;
  #hasStarted = false;
  #hasEnded = false;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  get isRestartable(): boolean {
    return !this.#hasStarted;
  }

  start(channel: Channel, slot: number): void {
    this.#channel = channel;
    this.#slot = slot;
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
    const channel = this.#channel;
    if (!channel || !this.#chunk) return;
    this.#position = fillRing(channel, this.#slot, this.#chunk, this.#position);
    channel.ringBell(this.#slot);
    if (this.#position < this.#chunk.length) return;
    this.#chunk = null;
    if (this.#hasEnded) this.#end(1);
    else this.#stream.resume();
  }

  stop(broken: boolean): void {
    if (!this.#channel) return;
    if (broken) this.#end(2);
    else this.#detach();
  }

  // One closure per streamed body, none per chunk.
  readonly #onData = (chunk: Buffer): void => {
    this.#chunk = chunk;
    this.#position = 0;
    this.pump();
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
    const channel = this.#channel;
    if (!channel) return;
    this.#detach();
    endBody(channel, this.#slot, how);
    channel.ringBell(this.#slot);
  }

  #detach(): void {
    this.#channel = null;
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
