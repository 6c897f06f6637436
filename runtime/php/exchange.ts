import { closeSync } from 'node:fs';
import { type ExchangeBody, noBody } from './body.ts';
import type { Channel, SlotUser } from './channel.ts';
import { DamageError, damageFailure } from './failure.ts';
import type { ParsedHead } from './head.ts';
import { RESPONSE_RING } from './layout.ts';
import * as response from './response.ts';
import { tellEnd, tellFailure, throwLater } from './sink.ts';
import type {
  PhpExchange,
  PhpFailure,
  PhpRequestHead,
  PhpResponseSink,
} from './types.ts';

/** What an exchange needs of its pool. */
export interface ExchangeOwner {
  parseHead(exchange: Exchange, status: number, block: string): ParsedHead;
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
  /** 0 until it has a slot. */
  headBytes = 0;
  readonly #owner: ExchangeOwner;
  #body: ExchangeBody;
  /** Null after onEnd, onFailure and abort. */
  #sink: PhpResponseSink | null;
  #channel: Channel<Exchange> | null = null;
  #slot = -1;
  #hasHead = false;
  /** Bytes of the response, as far as they have been handed on. */
  #read = 0;
  /** Why it was broken off, until its worker is done. */
  #broken: PhpFailure | null = null;
  #isPaused = false;
  #isOver = false;
  #isToldOverdue = false;

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
    this.#body = body;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get body(): ExchangeBody {
    return this.#body;
  }

  /** The slot has been filled and is about to be offered to the workers. */
  onQueued(channel: Channel<Exchange>, slot: number, headBytes: number): void {
    this.headBytes = headBytes;
    this.#channel = channel;
    this.#slot = slot;
  }

  bodyDescriptor(serial: number): number {
    return serial === this.serial ? this.#body.fd : -1;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#channel?.advance(this.#slot);
  }

  abort(): void {
    if (this.#isOver || this.#sink === null) return;
    this.#sink = null;
    this.#isPaused = false;
    const channel = this.#channel;
    if (!channel || channel.cancel(this.#slot)) return this.#finish('cancelled', true);
    this.#body.feed?.stop(true);
    channel.setAborted(this.#slot);
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
    this.#finish(failure, sink !== null || this.#hasBeenTold(failure));
    if (sink) tellFailure(sink, failure);
  }

  /**
   * The zygote and all workers are dead. True: no worker had taken the request, it is out of
   * the dead memory and can be queued again. Else it has ended, or will when its sink has
   * taken what had been written.
   */
  survivesZygote(): boolean {
    const channel = this.#channel;
    if (this.#isOver || !channel) return false;
    if (channel.cancel(this.#slot)) {
      const { feed } = this.#body;
      if (feed && !feed.isRestartable) {
        this.fail({ reason: 'zygote-died' });
        return false;
      }
      channel.releaseSlot(this.#slot, -1, -1);
      this.#channel = null;
      this.#slot = -1;
      return true;
    }
    response.failTaken(channel, this.#slot);
    channel.advance(this.#slot);
    return false;
  }

  /**
   * It cannot be handled any further; others can. Its worker, if it has one, goes on as after
   * an abort, and keeps the slot until it is done.
   */
  breakOff(error: unknown): void {
    const channel = this.#channel;
    if (!channel) return;
    const failure = damageFailure(error, this.head.scriptFilename);
    const sink = this.#sink;
    this.#sink = null;
    this.#isPaused = false;
    if (response.isDone(channel, this.#slot)) {
      this.#finish(failure, sink !== null);
    } else {
      this.#broken = failure;
      this.#body.feed?.stop(true);
      channel.setAborted(this.#slot);
    }
    if (sink) tellFailure(sink, failure);
  }

  /** Hands on what the worker has written. Called at news, and by resume(). */
  advance(): void {
    const channel = this.#channel;
    if (!channel) return;
    const slot = this.#slot;
    // Read in the opposite order of the worker's writing: what was written before a flag
    // is complete once the flag has been seen.
    const isDone = response.isDone(channel, slot);
    const isEnded = response.isEnded(channel, slot);
    const { feed } = this.#body;
    if (feed) {
      if (isDone) feed.stop(false);
      else feed.pump();
    }
    if (isDone && !isEnded && !this.#hasHead) {
      // No byte has been sent, so the client can still be told the truth: 502 or 504.
      const failure = response.failureOf(channel, slot, this.head.scriptFilename);
      if (failure) return this.fail(failure);
    }
    if (this.#sink && !isDone && !isEnded && response.isOverdue(channel, slot)) {
      this.#failOverdue(channel);
    }
    if (!this.#hasHead) this.#readHead(channel);
    this.#readBody(channel);
    // Paused, or over: a sink may abort in the midst of its call.
    if (this.#isPaused || this.#channel === null) return;
    if (isDone) this.#endDone(channel, isEnded);
    else if (isEnded) this.#endEarly(channel);
  }

  /** The client is told so at once; the slot is kept until the script has ended. */
  #failOverdue(channel: Channel<Exchange>): void {
    if (this.#hasHead) this.#readBody(channel);
    const sink = this.#sink;
    if (!sink || this.#isPaused) return;
    this.#sink = null;
    this.#isToldOverdue = true;
    this.#body.feed?.stop(true);
    channel.setAborted(this.#slot);
    const script = this.head.scriptFilename;
    tellFailure(sink, response.timeoutOf(channel, this.#slot, false, script));
  }

  /** That it ended when it was told to is no news. */
  #hasBeenTold(failure: PhpFailure | null): boolean {
    return this.#isToldOverdue && failure?.reason === 'timeout' && !failure.isKilled;
  }

  /** The client has everything while the script runs on: the slot is kept until it ends. */
  #endEarly(channel: Channel<Exchange>): void {
    const sink = this.#sink;
    if (!sink || !this.#hasHead) return;
    // Bytes that came after the look at the ring: their news is on its way.
    if (response.unreadOf(channel, this.#slot, this.#read) !== 0) return;
    this.#sink = null;
    tellEnd(sink);
  }

  #endDone(channel: Channel<Exchange>, isEnded: boolean): void {
    const script = this.head.scriptFilename;
    const failure = response.failureOf(channel, this.#slot, script);
    const sink = this.#sink;
    this.#sink = null;
    const isComplete = this.#hasHead && (isEnded || failure === null);
    const ending = this.#broken ?? failure ?? 'served';
    const isHeard = this.#broken !== null || this.#hasBeenTold(failure);
    this.#finish(ending, isHeard || (sink !== null && !isComplete));
    if (!sink) return;
    if (isComplete) tellEnd(sink);
    else tellFailure(sink, failure ?? { reason: 'exited', status: 0, script });
  }

  #readHead(channel: Channel<Exchange>): void {
    const found = response.readHead(channel, this.#slot);
    if (!found) return;
    this.#hasHead = true;
    const sink = this.#sink;
    if (!sink) return;
    const parsed = this.#owner.parseHead(this, found.status, found.block);
    try {
      sink.onHead(parsed.status, parsed.headers, parsed.reason);
    } catch (error) {
      this.#throwLater(error);
    }
  }

  #readBody(channel: Channel<Exchange>): void {
    const slot = this.#slot;
    // One look: a fast writer must not keep the event loop here; it posts news again.
    let unread = response.unreadOf(channel, slot, this.#read);
    if (unread === 0 || !(this.#hasHead || this.#sink === null)) return;
    if (unread > RESPONSE_RING && this.#sink !== null) {
      throw new DamageError('response_written', this.#read + unread);
    }
    while (unread > 0 && this.#sink !== null && !this.#isPaused) {
      const piece = response.pieceAt(channel, slot, this.#read, unread);
      this.#deliver(this.#sink, piece);
      // Over in this very call: an abort() in onData has thrown the rest away.
      if (this.#sink === null) return;
      this.#setRead(channel, piece.length);
      unread -= piece.length;
    }
    if (this.#sink === null) this.#setRead(channel, unread);
  }

  #setRead(channel: Channel<Exchange>, more: number): void {
    this.#read += more;
    response.setRead(channel, this.#slot, this.#read);
  }

  #deliver(sink: PhpResponseSink, piece: Buffer): void {
    try {
      if (!sink.onData(piece)) this.#isPaused = this.#sink !== null;
    } catch (error) {
      this.#throwLater(error);
    }
  }

  /** Gives everything back. After this nothing of the slot may be touched. */
  #finish(ending: Ending, isHeard: boolean): void {
    this.#isOver = true;
    const { feed, fd, release } = this.#body;
    feed?.stop(false);
    if (fd >= 0) closeSync(fd);
    release?.();
    // The pool remembers recent exchanges for late log lines; their bodies can go.
    this.#body = noBody;
    const channel = this.#channel;
    this.#channel = null;
    if (channel) {
      // Who died may have written more than it said.
      const isKnown = ending === 'served' || ending === 'cancelled';
      if (isKnown) channel.releaseSlot(this.#slot, feed?.written ?? 0, this.#read);
      else channel.releaseSlot(this.#slot, -1, -1);
    }
    this.#owner.onOver(this, ending, isHeard);
  }

  /** Its own request is treated as aborted; the error becomes an uncaught exception. */
  #throwLater(error: unknown): void {
    throwLater(error);
    this.abort();
  }
}
