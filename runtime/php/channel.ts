import type { NativeAddon, NativeChannel } from '../native.ts';
import * as layout from './layout.ts';

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
const RING_HEAD = at.ring_head >> 2;
const RING_TAIL = at.ring_tail >> 2;
const RING = at.ring >> 2;
const NEWS = at.news >> 2;
const SLEEPING = at.sleeping >> 2;
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
  /** Position behind the ring's last entry; free-running, wraps at 2^32. */
  #tail = 0;
  /** Of each slot's last entry in the ring. */
  readonly #places: Int32Array;
  #hasStopped = false;
  /** Last in, first out: the pages of few slots stay warm, those of the others untouched. */
  readonly #free: number[] = [];
  readonly #newsWords: number;
  /** Bits of `sleeping` that belong to a worker. */
  readonly #workerBits: readonly [number, number];
  readonly #onDoorbell: () => void;
  /** Queued since sleepers were woken. */
  #unannounced = 0;

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
    this.#newsWords = Math.ceil(shape.slots / 32);
    this.#workerBits = [lowBits(shape.workers), lowBits(shape.workers - 32)];
    this.#places = new Int32Array(shape.slots);
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
    if (this.#free.length === 0 || !this.#hasRoom()) return -1;
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
    const { words } = this;
    Atomics.store(words, wordOf(slot) + CLAIM, layout.QUEUED);
    const tail = this.#tail;
    this.#places[slot] = tail;
    Atomics.store(words, RING + (tail & (layout.RING_ENTRIES - 1)), slot);
    this.#tail = (tail + 1) | 0;
    Atomics.store(words, RING_TAIL, this.#tail);
    if (this.#unannounced++ === 0) setImmediate(this.#wakeWorkers);
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
    this.wakeAll();
  }

  /** Rings every worker, also those of which the memory does not say that they sleep. */
  wakeAll(): void {
    for (let index = 0; index < this.shape.workers; index++) this.#wakeWorker(index);
  }

  /** Entries of the ring nobody has read; more than there can be if a word is wrong. */
  waiting(): number {
    return (this.#tail - Atomics.load(this.words, RING_HEAD)) >>> 0;
  }

  #hasRoom(): boolean {
    return this.waiting() < layout.RING_ENTRIES - 1;
  }

  /** What of its own the front does not find again, in words; null: it is all there. */
  findDamage(): string | null {
    const { words } = this;
    for (let i = 0; i < HEADER_WORDS; i++) {
      if (words[i] !== this.#header[i]) return `word ${i} of the header`;
    }
    const isWhole = words[RING_TAIL] === this.#tail;
    if (!isWhole || this.waiting() > layout.RING_ENTRIES) return 'the ring';
    return (words[STOP] !== 0) === this.#hasStopped
      ? null
      : 'the word that stops workers';
  }

  claimOf(slot: number): number {
    return Atomics.load(this.words, wordOf(slot) + CLAIM);
  }

  /** Offers a request again that is QUEUED without an entry in the ring: nobody would come. */
  offerAgain(slot: number): void {
    if (this.claimOf(slot) !== layout.QUEUED) return;
    const passed = Atomics.load(this.words, RING_HEAD) - this.#places[slot]!;
    if ((passed | 0) > 0 && this.#hasRoom()) this.queue(slot);
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

  word(offset: number): number {
    return Atomics.load(this.words, offset >> 2) >>> 0;
  }

  /**
   * One for each request of this turn that nobody has taken. Waking is the dearest call of
   * a small request (20 µs on a virtual machine), and a worker that is woken for each of
   * them has gone to sleep again before the next: so they are woken together.
   */
  readonly #wakeWorkers = (): void => {
    let left = Math.min(this.#unannounced, this.waiting());
    this.#unannounced = 0;
    // The lowest-numbered sleeper: under light load few workers stay warm, the others
    // keep sleeping and their memory can be swapped.
    while (left > 0 && (this.#wakeOneOf(0) || this.#wakeOneOf(1))) left--;
  };

  #wakeOneOf(half: 0 | 1): boolean {
    const { words } = this;
    for (;;) {
      const sleeping = Atomics.load(words, SLEEPING + half) & this.#workerBits[half];
      if (sleeping === 0) return false;
      const bit = sleeping & -sleeping;
      if ((Atomics.and(words, SLEEPING + half, ~bit) & bit) === 0) continue;
      this.#wakeWorker(half * 32 + 31 - Math.clz32(bit));
      return true;
    }
  }

  #wakeWorker(index: number): void {
    const bell = workerOf(index) + layout.worker.bell;
    Atomics.add(this.words, bell >> 2, 1);
    this.native.wake(bell);
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
    if (this.#unannounced > 0) this.#wakeWorkers();
  }

  #handOver(slot: number, serial: number, reply: number): void {
    this.native.answer(reply, this.users[slot]?.bodyDescriptor(serial) ?? -1);
  }
}

/** A word whose lowest `count` bits are set. */
function lowBits(count: number): number {
  return count >= 32 ? -1 : (1 << Math.max(count, 0)) - 1;
}

/** Offset of the worker's first word. */
export function workerOf(index: number): number {
  return at.workers + index * layout.WORKER_BYTES;
}

/** Index in `words` of the slot's first word. */
export function wordOf(slot: number): number {
  return (layout.SLOTS_OFFSET + slot * layout.SLOT_BYTES) >> 2;
}

/** Offset in `bytes` of the slot's first byte. */
export function byteOf(slot: number): number {
  return layout.SLOTS_OFFSET + slot * layout.SLOT_BYTES;
}
