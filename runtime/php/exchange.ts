import { closeSync } from 'node:fs';
import type { Channel, SlotUser } from './channel.ts';
import { byteOf, wordOf } from './channel.ts';
import type { ExchangeBody } from './body.ts';
import type { ResponseHeads } from './head.ts';
import * as layout from './layout.ts';
import type {
  PhpExchange,
  PhpFailure,
  PhpRequestHead,
  PhpResponseSink,
} from './types.ts';

const field = layout.slot;
const CLAIM = field.claim >> 2;
const ABORTED = field.aborted >> 2;
const STATUS = field.status >> 2;
const HEAD_READY = field.head_ready >> 2;
const HEAD_BYTES = field.response_head_bytes >> 2;
const WRITTEN = field.response_written >> 2;
const READ = field.response_read >> 2;
const ENDED = field.response_ended >> 2;
const WORKER_WAITS = field.worker_waits >> 2;
const OUTCOME = field.outcome >> 2;
const DETAIL = field.outcome_detail >> 2;

/** What an exchange needs of its pool. */
export interface ExchangeOwner {
  readonly responseHeads: ResponseHeads;
  readonly requestTimeoutMs: number;
  /** The request is over; its slot, if it had one, is free again. */
  onOver(exchange: Exchange, ending: Ending, isHeard: boolean): void;
}

/** 'cancelled': no worker ever had it. `isHeard`: a sink has been or will be told. */
export type Ending = 'served' | 'cancelled' | PhpFailure;

/**
 * One request and its response. Waits (slot -1), then owns a slot until the worker is done
 * with it and the response has been read, or until it is cancelled.
 */
export class Exchange implements PhpExchange, SlotUser {
  readonly head: PhpRequestHead;
  readonly serial: number;
  readonly submittedAt: number;
  readonly body: ExchangeBody;
  readonly #owner: ExchangeOwner;
  /** Null after onEnd, onFailure and abort. */
  #sink: PhpResponseSink | null;
  #channel: Channel<Exchange> | null = null;
  #slot = -1;
  #hasHead = false;
  #isPaused = false;
  #isOver = false;

  constructor(
    owner: ExchangeOwner,
    head: PhpRequestHead,
    sink: PhpResponseSink,
    serial: number,
    submittedAt: number,
    body: ExchangeBody,
  ) {
    this.#owner = owner;
    this.head = head;
    this.#sink = sink;
    this.serial = serial;
    this.submittedAt = submittedAt;
    this.body = body;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The slot has been filled and offered to the workers. */
  onQueued(channel: Channel<Exchange>, slot: number): void {
    this.#channel = channel;
    this.#slot = slot;
  }

  bodyDescriptor(serial: number): number {
    return serial === this.serial ? this.body.fd : -1;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.advance();
  }

  abort(): void {
    if (this.#isOver || this.#sink === null) return;
    this.#sink = null;
    this.#isPaused = false;
    const channel = this.#channel;
    if (!channel || channel.cancel(this.#slot)) return this.#finish('cancelled', true);
    this.body.feed?.stop(true);
    Atomics.store(channel.words, wordOf(this.#slot) + ABORTED, 1);
    channel.ringBell(this.#slot);
    this.advance();
  }

  /** Fails it if no worker has taken it yet. */
  failIfWaiting(failure: PhpFailure): void {
    const channel = this.#channel;
    if (!channel || channel.cancel(this.#slot)) this.fail(failure);
  }

  /** Ends it, wherever it is; no worker may have it any more. */
  fail(failure: PhpFailure): void {
    if (this.#isOver) return;
    const sink = this.#sink;
    this.#sink = null;
    this.body.feed?.stop(false);
    this.#finish(failure, sink !== null);
    if (sink) this.#call(sink, failure);
  }

  /** Takes it out of a dead zygote's memory, to be queued again. False: impossible. */
  withdraw(): boolean {
    const channel = this.#channel;
    if (this.#isOver || !channel || !channel.cancel(this.#slot)) return false;
    if (this.body.feed && !this.body.feed.isRestartable) return false;
    channel.releaseSlot(this.#slot);
    this.#channel = null;
    this.#slot = -1;
    return true;
  }

  /** The worker is done with the slot; what is left to read needs no worker. */
  isDone(): boolean {
    const channel = this.#channel;
    if (!channel) return this.#isOver;
    return (Atomics.load(channel.words, wordOf(this.#slot) + CLAIM) & 255) === layout.DONE;
  }

  /** Hands on what the worker has written. Called at news, and by resume(). */
  advance(): void {
    const channel = this.#channel;
    if (!channel) return;
    const { words } = channel;
    const base = wordOf(this.#slot);
    // Read in the opposite order of the worker's writing: what was written before a flag
    // is complete once the flag has been seen.
    const isDone = (Atomics.load(words, base + CLAIM) & 255) === layout.DONE;
    const isEnded = Atomics.load(words, base + ENDED) === 1;
    if (isDone) this.body.feed?.stop(false);
    else this.body.feed?.pump();
    // No byte has been sent, so the client can still be told the truth: 502 or 504.
    if (isDone && !isEnded && !this.#hasHead && words[base + OUTCOME] !== 0) {
      return this.fail(this.#readFailure(channel));
    }
    this.#readHead(channel, base);
    this.#readBody(channel, base, isDone);
    if (this.#isPaused || this.#channel === null) return;
    if (isEnded || isDone) this.#end(channel, base, isEnded, isDone);
  }

  #end(channel: Channel<Exchange>, base: number, isEnded: boolean, isDone: boolean): void {
    const { words } = channel;
    if (words[base + WRITTEN] !== words[base + READ]) return; // written since: news comes
    const sink = this.#sink;
    if (!isDone) {
      if (!sink || !this.#hasHead) return;
      this.#sink = null;
      return this.#call(sink, null);
    }
    const isComplete = this.#hasHead && (isEnded || words[base + OUTCOME] === 0);
    const failure = this.#readFailure(channel);
    const isSound = words[base + OUTCOME] === 0;
    this.#sink = null;
    this.#finish(isSound ? 'served' : failure, sink !== null && !isComplete);
    if (sink) this.#call(sink, isComplete ? null : failure);
  }

  #readHead(channel: Channel<Exchange>, base: number): void {
    const { words, bytes } = channel;
    if (this.#hasHead || Atomics.load(words, base + HEAD_READY) === 0) return;
    this.#hasHead = true;
    const sink = this.#sink;
    if (!sink) return;
    const start = byteOf(this.#slot) + layout.RESPONSE_HEAD_OFFSET;
    const length = Math.min(words[base + HEAD_BYTES]! >>> 0, layout.RESPONSE_HEAD);
    const block = bytes.latin1Slice(start, start + length);
    const headers = this.#owner.responseHeads.parse(block);
    try {
      sink.onHead(words[base + STATUS]!, headers);
    } catch (error) {
      this.#throwLater(error);
    }
  }

  #readBody(channel: Channel<Exchange>, base: number, isDone: boolean): void {
    const { words } = channel;
    // One look: a fast writer must not keep the event loop here; it posts news again.
    const written = Atomics.load(words, base + WRITTEN);
    let read = words[base + READ]!;
    if (read === written || !(this.#hasHead || isDone)) return;
    while (read !== written && !this.#isPaused && this.#channel !== null) {
      const count = Math.min((written - read) >>> 0, layout.RESPONSE_RING);
      const from = read & (layout.RESPONSE_RING - 1);
      const piece = Math.min(count, layout.RESPONSE_RING - from);
      this.#deliver(channel, from, piece);
      // Without a sink (aborted, perhaps in this very call) the rest is thrown away.
      read = this.#sink ? (read + piece) | 0 : written;
      if (this.#channel !== null) Atomics.store(words, base + READ, read);
    }
    if (this.#channel === null) return;
    if (Atomics.load(words, base + WORKER_WAITS) !== 0) channel.ringBell(this.#slot);
  }

  #deliver(channel: Channel<Exchange>, from: number, piece: number): void {
    const sink = this.#sink;
    if (!sink || !this.#hasHead) return;
    const start = byteOf(this.#slot) + layout.RESPONSE_RING_OFFSET + from;
    try {
      if (!sink.onData(channel.bytes.subarray(start, start + piece))) {
        this.#isPaused = this.#sink !== null;
      }
    } catch (error) {
      this.#throwLater(error);
    }
  }

  #readFailure(channel: Channel<Exchange>): PhpFailure {
    const base = wordOf(this.#slot);
    const script = this.head.scriptFilename;
    const detail = channel.words[base + DETAIL]!;
    switch (channel.words[base + OUTCOME]) {
      case layout.OUTCOME_SIGNALED:
        return { reason: 'crashed', signal: detail, script };
      case layout.OUTCOME_TIMEOUT:
        return { reason: 'timeout', afterMs: this.#owner.requestTimeoutMs, script };
      default:
        return { reason: 'exited', status: detail, script };
    }
  }

  /** Gives everything back. After this nothing of the slot may be touched. */
  #finish(ending: Ending, isHeard: boolean): void {
    this.#isOver = true;
    if (this.body.fd >= 0) closeSync(this.body.fd);
    this.body.fd = -1;
    const channel = this.#channel;
    this.#channel = null;
    if (channel) channel.releaseSlot(this.#slot);
    this.#owner.onOver(this, ending, isHeard);
  }

  #call(sink: PhpResponseSink, failure: PhpFailure | null): void {
    try {
      if (failure) sink.onFailure(failure);
      else sink.onEnd();
    } catch (error) {
      this.#throwLater(error);
    }
  }

  /**
   * A sink that throws must not take the news of other requests with it. Its own request
   * is treated as aborted; the error becomes an uncaught exception.
   */
  #throwLater(error: unknown): void {
    queueMicrotask(() => {
      throw error;
    });
    this.abort();
  }
}
