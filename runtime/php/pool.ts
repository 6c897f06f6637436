import { loadAddon, type NativeAddon } from '../native.ts';
import { acceptBody, type ExchangeBody, noBody } from './body.ts';
import type { Channel, ChannelShape } from './channel.ts';
import { type Ending, Exchange, type ExchangeOwner } from './exchange.ts';
import { describeFailure } from './failure.ts';
import { checkRequestHead, encodeRequestHead } from './head.ts';
import { type ParsedHead, ResponseHeads } from './head.ts';
import * as layout from './layout.ts';
import type { LogRecord } from './log.ts';
import { WaitingQueue } from './queue.ts';
import { RecentRequests } from './recent.ts';
import { fillSlot } from './slot.ts';
import { Supervisor } from './supervisor.ts';
import {
  type PhpFailure,
  type PhpPool,
  type PhpPoolOptions,
  type PhpPoolStats,
  type PhpRequestBody,
  type PhpRequestHead,
  type PhpResponseSink,
  releaseBody,
} from './types.ts';
import { ChannelWatch } from './watch.ts';

const TICK_MS = 500;

/** The PHP side of the server: the requests on their way, over one zygote's workers. */
export class WorkerPool implements PhpPool, ExchangeOwner {
  readonly #heads = new ResponseHeads();
  readonly #options: PhpPoolOptions;
  readonly #addon: NativeAddon;
  readonly #supervisor: Supervisor<Exchange>;
  readonly #queue = new WaitingQueue();
  readonly #recent = new RecentRequests();
  #channel: Channel<Exchange> | null = null;
  #isAccepting = true;
  #serial = 0;
  /** Submitted and not over. */
  #open = 0;
  #ticker: NodeJS.Timeout | null = null;
  #watch: ChannelWatch<Exchange> | null = null;
  #watchedAt = 0;
  #served = 0;
  #crashes = 0;
  #timeouts = 0;
  readonly #whenIdle: (() => void)[] = [];

  constructor(addon: NativeAddon, options: PhpPoolOptions) {
    this.#addon = addon;
    // Twice the processors of a big machine are more than the channel has room for.
    const workers = Math.max(1, Math.min(options.workers, layout.MAX_WORKERS));
    this.#options = { ...options, workers };
    const { maxRequests, requestTimeoutMs } = options;
    const { requestGraceMs, afterFinishTimeoutMs } = options;
    // Enough that a worker never waits for the front to hand on the next request.
    const slots = Math.min(layout.MAX_SLOTS, Math.max(64, workers * 4));
    const shape: ChannelShape = {
      workers,
      slots,
      maxRequests,
      requestTimeoutMs,
      requestGraceMs,
      afterFinishTimeoutMs,
    };
    this.#supervisor = new Supervisor(addon, shape, options, {
      onStart: (channel) => {
        this.#channel = channel;
        this.#watch = new ChannelWatch(channel);
        this.#fill();
      },
      onDeath: (channel, reason) => this.#onDeath(channel, reason),
      onNews: () => this.#fill(),
      onRecord: (record) => this.#onRecord(record),
      onLine: (text, pid) => options.onLog({ level: 'warning', text, pid }),
    });
    this.#supervisor.start();
  }

  /** Resolves when PHP is up for the first time; rejects with PhpStartError if it is not. */
  get ready(): Promise<void> {
    return this.#supervisor.ready;
  }

  /** The zygote's process id, 0 while there is none. */
  get zygotePid(): number {
    return this.#supervisor.pid;
  }

  submit(head: PhpRequestHead, body: PhpRequestBody, sink: PhpResponseSink): Exchange {
    checkRequestHead(head);
    let refusal = this.#findRefusal();
    const accepted = refusal ? noBody : this.#acceptBody(head, body);
    // No descriptors left is overload as well.
    if (accepted === null) refusal = 'queue-full';
    if (refusal) releaseBody(body);
    // 0 means "no request" in log records.
    const serial = (this.#serial + 1) >>> 0 || 1;
    this.#serial = serial;
    this.#open++;
    const now = performance.now();
    const exchange = new Exchange(this, head, sink, serial, now, accepted ?? noBody);
    if (refusal) process.nextTick(failLater, exchange, { reason: refusal });
    else if (this.#queue.peek() || !this.#place(exchange)) this.#queue.push(exchange);
    if (this.#ticker === null) this.#startTicking();
    return exchange;
  }

  #findRefusal(): 'stopping' | 'queue-full' | null {
    if (!this.#isAccepting) return 'stopping';
    const { workers, queueLimit } = this.#options;
    return this.#open >= workers + queueLimit ? 'queue-full' : null;
  }

  #acceptBody(head: PhpRequestHead, body: PhpRequestBody): ExchangeBody | null {
    try {
      return acceptBody(this.#addon, head, body);
    } catch (error) {
      const text = `Request body cannot be opened: ${String(error)}`;
      this.#options.onLog({ level: 'error', text, pid: 0, request: head });
      return null;
    }
  }

  async drain(): Promise<void> {
    this.#isAccepting = false;
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async close(): Promise<void> {
    this.#isAccepting = false;
    const isBusy = this.#open > 0;
    for (const exchange of this.#queue.all()) exchange.fail({ reason: 'stopping' });
    const closed = this.#supervisor.close(isBusy);
    for (const user of this.#channel?.users ?? []) user?.fail({ reason: 'stopping' });
    await closed;
    if (this.#ticker) clearInterval(this.#ticker);
    this.#ticker = null;
  }

  stats(): PhpPoolStats {
    const channel = this.#channel;
    return {
      workers: channel?.countWorkers() ?? 0,
      busy: channel?.count(layout.TAKEN) ?? 0,
      queued: this.#queue.all().length + (channel?.count(layout.QUEUED) ?? 0),
      served: this.#served,
      crashes: this.#crashes,
      timeouts: this.#timeouts,
    };
  }

  parseHead(exchange: Exchange, status: number, block: string): ParsedHead {
    const parsed = this.#heads.parse(status, block);
    for (const text of parsed.problems) {
      this.#options.onLog({ level: 'warning', text, pid: 0, request: exchange.head });
    }
    return parsed;
  }

  onOver(exchange: Exchange, ending: Ending, isHeard: boolean): void {
    this.#open--;
    this.#recent.remember(exchange.serial, exchange.head, exchange.headBytes);
    if (this.#open === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    if (ending === 'served') this.#served++;
    if (typeof ending === 'string') return;
    const { reason } = ending;
    if (reason === 'crashed' || reason === 'exited' || reason === 'damaged') {
      this.#crashes++;
    }
    if (reason === 'timeout') this.#timeouts++;
    if (isHeard) return;
    const text = describeFailure(ending);
    this.#options.onLog({ level: 'error', text, pid: 0, request: exchange.head });
  }

  /** Puts it into a slot; false when none is free. */
  #place(exchange: Exchange): boolean {
    const channel = this.#channel;
    if (!channel) return false;
    const slot = channel.takeSlot(exchange);
    if (slot < 0) return false;
    const { head, serial, body } = exchange;
    const text = encodeRequestHead(head);
    if (!fillSlot(channel, slot, serial, head, text, body)) {
      channel.releaseSlot(slot, 0, 0);
      process.nextTick(failLater, exchange, { reason: 'head-too-large' });
      return true;
    }
    exchange.onQueued(channel, slot, text.length);
    channel.queue(slot);
    return true;
  }

  #fill(): void {
    for (;;) {
      const next = this.#queue.peek();
      if (!next || !this.#place(next)) return;
      this.#queue.shift();
    }
  }

  #onDeath(channel: Channel<Exchange> | null, reason: string): void {
    this.#channel = null;
    this.#watch = null;
    const requeue: Exchange[] = [];
    for (const user of channel?.users ?? []) {
      if (user?.survivesZygote()) requeue.push(user);
    }
    this.#queue.unshiftAll(requeue.sort((a, b) => a.serial - b.serial));
    if (!this.#isAccepting) return;
    const text = `PHP's main process ended (${reason}); it is started again`;
    this.#options.onLog({ level: 'error', text, pid: 0 });
  }

  #onRecord({ level, text, pid, slot, requestSerial }: LogRecord): void {
    const user = this.#channel?.users[slot - 1];
    const request =
      user?.serial === requestSerial ? user.head : this.#recent.find(requestSerial);
    this.#options.onLog(request ? { level, text, pid, request } : { level, text, pid });
  }

  /**
   * While requests are open: waiting ones time out, a full ring is tried again, and the
   * shared memory is looked after.
   */
  #startTicking(): void {
    const { queueTimeoutMs } = this.#options;
    const everyMs = queueTimeoutMs
      ? Math.min(Math.max(queueTimeoutMs / 4, 10), TICK_MS)
      : TICK_MS;
    this.#ticker = setInterval(() => this.#tick(), everyMs);
  }

  #tick(): void {
    if (this.#open === 0) {
      clearInterval(this.#ticker!);
      this.#ticker = null;
      return;
    }
    const { queueTimeoutMs } = this.#options;
    const now = performance.now();
    if (queueTimeoutMs) this.#expire(now - queueTimeoutMs);
    if (now - this.#watchedAt >= TICK_MS - 1) {
      this.#watchedAt = now;
      this.#lookAfterChannel();
    }
    this.#fill();
  }

  #lookAfterChannel(): void {
    const damage = this.#watch?.look();
    if (!damage) return;
    // Its end is on its way; there is nothing to look after any more.
    this.#watch = null;
    const text = `The memory shared with PHP is damaged (${damage}): PHP is ended`;
    this.#options.onLog({ level: 'error', text, pid: 0 });
    this.#supervisor.replace();
  }

  #expire(before: number): void {
    const failure: PhpFailure = { reason: 'queue-timeout' };
    for (const user of this.#channel?.users ?? []) {
      if (user && user.submittedAt < before) user.failIfWaiting(failure);
    }
    for (;;) {
      const first = this.#queue.peek();
      if (!first || first.submittedAt >= before) return;
      this.#queue.shift();
      first.fail(failure);
    }
  }
}

function failLater(exchange: Exchange, failure: PhpFailure): void {
  exchange.fail(failure);
}

/**
 * Starts PHP. Requests may be submitted at once; `await pool.ready` to know that it came up.
 * `channelPath`: channel.node, as built by native/channel/build.ts or extracted.
 */
export function createPhpPool(
  options: PhpPoolOptions & { channelPath: string },
): WorkerPool {
  return new WorkerPool(loadAddon(options.channelPath), options);
}
