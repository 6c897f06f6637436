import type { NativeAddon, NativeChannel } from '../native.ts';
import * as layout from './layout.ts';
import { WorkerRing } from './ring.ts';

/** Buffer's own latin1 methods: half the cost of write(…, 'latin1'), not in its types. */
export interface Latin1Buffer extends Buffer {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
}

/** What a slot holds, as the channel sees it. */
export interface SlotUser {
  /** The worker (or the zygote) has news about this slot. */
  advance(): void;
  /** A worker asks for the body; -1 when it must not have it. */
  bodyDescriptor(serial: number): number;
  /** advance() threw this. Must not throw. */
  breakOff(error: unknown): void;
}

export interface ChannelShape {
  slots: number;
  workers: number;
  maxRequests: number;
  requestTimeoutMs: number;
  requestGraceMs: number;
  afterFinishTimeoutMs: number;
}

const { channel: at, slot: field } = layout;
const NEWS = at.news >> 2;
const STOP = at.stop >> 2;
const HEADER_WORDS = at.ring_head >> 2;
const CLAIM = field.claim >> 2;
const BELL = field.bell >> 2;
const ABORTED = field.aborted >> 2;
const WORKER_WAITS = field.worker_waits >> 2;

/**
 * One shared memory, from its zygote's start to its death: slots, ring, bells
 * (native/channel/PROTOCOL.md). Owns the native channel. Any script may have written to the
 * memory: what the front knows itself it does not read there, and the rest may be wrong
 * (watch.ts).
 */
export class Channel<User extends SlotUser = SlotUser> {
  readonly words: Int32Array;
  readonly bytes: Latin1Buffer;
  readonly native: NativeChannel;
  readonly shape: ChannelShape;
  readonly users: (User | null)[];
  /** What #writeHeader wrote. */
  readonly #header: Int32Array;
  #hasStopped = false;
  /** Last in, first out: the pages of few slots stay warm, those of the others untouched. */
  readonly #free: number[] = [];
  readonly #ring: WorkerRing;
  readonly #newsWords: number;
  readonly #onDoorbell: () => void;

  /** `onDoorbell`: called after all news of a wake-up have been handled. */
  constructor(addon: NativeAddon, shape: ChannelShape, onDoorbell: () => void) {
    const size = layout.SLOTS_OFFSET + shape.slots * layout.SLOT_BYTES;
    this.native = new addon.Channel(
      size,
      () => this.#drainNews(),
      (slot, serial, reply) => this.#handOver(slot, serial, reply),
    );
    this.shape = shape;
    this.words = new Int32Array(this.native.memory);
    this.bytes = Buffer.from(this.native.memory) as Latin1Buffer;
    this.users = Array.from({ length: shape.slots }, () => null);
    for (let slot = shape.slots - 1; slot >= 0; slot--) this.#free.push(slot);
    this.#ring = new WorkerRing(this.words, this.native, shape.slots, shape.workers);
    this.#newsWords = Math.ceil(shape.slots / 32);
    this.#onDoorbell = onDoorbell;
    this.#writeHeader();
    this.#header = this.words.slice(0, HEADER_WORDS);
  }

  #writeHeader(): void {
    const { words, shape } = this;
    words[at.magic >> 2] = layout.MAGIC;
    words[at.version >> 2] = layout.LAYOUT_VERSION;
    words[at.slot_count >> 2] = shape.slots;
    words[at.worker_count >> 2] = shape.workers;
    words[at.request_timeout_ms >> 2] = shape.requestTimeoutMs;
    words[at.request_grace_ms >> 2] = shape.requestGraceMs;
    words[at.after_finish_timeout_ms >> 2] = shape.afterFinishTimeoutMs;
    words[at.max_requests >> 2] = shape.maxRequests;
    words[at.front_pid >> 2] = process.pid;
  }

  /** A slot for `user`, or -1 when there is none or the ring is full of stale entries. */
  takeSlot(user: User): number {
    if (this.#free.length === 0 || !this.#ring.hasRoom) return -1;
    const slot = this.#free.pop()!;
    this.users[slot] = user;
    return slot;
  }

  /**
   * Makes the slot FREE and gives it back, without a trace of its request. The caller is its
   * user, or has cancelled it. Bytes: how many have been in the rings; -1: unknown.
   */
  releaseSlot(slot: number, bodyBytes: number, responseBytes: number): void {
    this.native.wipe(slot, bodyBytes, responseBytes);
    Atomics.store(this.words, wordOf(slot) + CLAIM, layout.FREE);
    this.users[slot] = null;
    this.#free.push(slot);
  }

  /** Offers a filled slot to the workers; who sleeps is woken at the end of this turn. */
  queue(slot: number): void {
    Atomics.store(this.words, wordOf(slot) + CLAIM, layout.QUEUED);
    this.#ring.put(slot);
  }

  /** True when the request was still waiting: no worker will see it any more. */
  cancel(slot: number): boolean {
    const claim = wordOf(slot) + CLAIM;
    const { QUEUED, FREE } = layout;
    return Atomics.compareExchange(this.words, claim, QUEUED, FREE) === QUEUED;
  }

  /** The client is gone: the worker's writes fail from now on. */
  setAborted(slot: number): void {
    Atomics.store(this.words, wordOf(slot) + ABORTED, 1);
    this.ringBell(slot);
  }

  /** Tells the slot's worker that something changed, if it waits for that. */
  ringBell(slot: number): void {
    const { words } = this;
    const base = wordOf(slot);
    Atomics.add(words, base + BELL, 1);
    if (Atomics.load(words, base + WORKER_WAITS) === 0) return;
    if (Atomics.exchange(words, base + WORKER_WAITS, 0) === 0) return;
    this.native.wake((base + BELL) << 2);
  }

  /** Workers leave as soon as the ring is empty. */
  stop(): void {
    this.#hasStopped = true;
    Atomics.store(this.words, STOP, 1);
    this.#ring.wakeAll();
  }

  /** What of its own the front does not find again, in words; null: it is all there. */
  findDamage(): string | null {
    const { words } = this;
    for (let i = 0; i < HEADER_WORDS; i++) {
      if (words[i] !== this.#header[i]) return `word ${i} of the header`;
    }
    if (!this.#ring.isWhole) return 'the ring';
    const isStopped = words[STOP] !== 0;
    return isStopped === this.#hasStopped ? null : 'the word that stops workers';
  }

  claimOf(slot: number): number {
    return Atomics.load(this.words, wordOf(slot) + CLAIM);
  }

  /** Offers a request again that is QUEUED without an entry in the ring: nobody would come. */
  offerAgain(slot: number): void {
    const isQueued = this.claimOf(slot) === layout.QUEUED;
    if (isQueued && this.#ring.isPassed(slot) && this.#ring.hasRoom) this.#ring.put(slot);
  }

  /** For workers that sleep although there is work. */
  wakeWorkers(): void {
    if (!this.#ring.isEmpty) this.#ring.wakeAll();
  }

  /** Lets the slot's user go on. What goes wrong with it must not reach the others. */
  advance(slot: number): void {
    const user = this.users[slot];
    if (!user) return;
    try {
      user.advance();
    } catch (error) {
      user.breakOff(error);
    }
  }

  isReady(): boolean {
    return Atomics.load(this.words, at.ready >> 2) === 1;
  }

  /** Slots in this state. */
  count(state: number): number {
    let found = 0;
    for (let slot = 0; slot < this.shape.slots; slot++) {
      if ((this.claimOf(slot) & 255) === state) found++;
    }
    return found;
  }

  /** Worker processes, as the zygote counts them. */
  countWorkers(): number {
    const alive = this.word(at.forks) - this.word(at.deaths);
    return Math.min(Math.max(alive, 0), this.shape.workers);
  }

  word(offset: number): number {
    return Atomics.load(this.words, offset >> 2) >>> 0;
  }

  #drainNews(): void {
    const { words } = this;
    for (let i = 0; i < this.#newsWords; i++) {
      if (words[NEWS + i] === 0) continue;
      let bits = Atomics.exchange(words, NEWS + i, 0);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        this.advance(i * 32 + bit);
      }
    }
    this.#onDoorbell();
    this.#ring.announce();
  }

  #handOver(slot: number, serial: number, reply: number): void {
    this.native.answer(reply, this.users[slot]?.bodyDescriptor(serial) ?? -1);
  }
}

/** Index in `words` of the slot's first word. */
export function wordOf(slot: number): number {
  return (layout.SLOTS_OFFSET + slot * layout.SLOT_BYTES) >> 2;
}

/** Offset in `bytes` of the slot's first byte. */
export function byteOf(slot: number): number {
  return layout.SLOTS_OFFSET + slot * layout.SLOT_BYTES;
}
