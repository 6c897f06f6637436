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
}

export interface ChannelShape {
  slots: number;
  workers: number;
  maxRequests: number;
  requestTimeoutMs: number;
}

const { channel: at, slot: field } = layout;
const RING_HEAD = at.ring_head >> 2;
const RING_TAIL = at.ring_tail >> 2;
const RING = at.ring >> 2;
const NEWS = at.news >> 2;
const SLEEPING = at.sleeping >> 2;
const CLAIM = field.claim >> 2;
const BELL = field.bell >> 2;
const ABORTED = field.aborted >> 2;
const WORKER_WAITS = field.worker_waits >> 2;

/**
 * One shared memory, from its zygote's start to its death: slots, ring, bells
 * (native/channel/PROTOCOL.md). Owns the native channel.
 */
export class Channel<User extends SlotUser = SlotUser> {
  readonly words: Int32Array;
  readonly bytes: Latin1Buffer;
  readonly native: NativeChannel;
  readonly shape: ChannelShape;
  readonly users: (User | null)[];
  /** Last in, first out: the pages of few slots stay warm, those of the others untouched. */
  readonly #free: number[] = [];
  readonly #newsWords: number;
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
    this.#onDoorbell = onDoorbell;
    this.#writeHeader();
  }

  #writeHeader(): void {
    const { words, shape } = this;
    words[at.magic >> 2] = layout.MAGIC;
    words[at.version >> 2] = layout.LAYOUT_VERSION;
    words[at.slot_count >> 2] = shape.slots;
    words[at.worker_count >> 2] = shape.workers;
    words[at.request_timeout_ms >> 2] = shape.requestTimeoutMs;
    words[at.max_requests >> 2] = shape.maxRequests;
    words[at.front_pid >> 2] = process.pid;
  }

  /** A slot for `user`, or -1 when there is none or the ring is full of stale entries. */
  takeSlot(user: User): number {
    const { words } = this;
    if (this.#free.length === 0) return -1;
    const used = (words[RING_TAIL]! - Atomics.load(words, RING_HEAD)) >>> 0;
    if (used >= layout.RING_ENTRIES - 1) return -1;
    const slot = this.#free.pop()!;
    this.users[slot] = user;
    return slot;
  }

  /** Makes the slot FREE and gives it back. The caller is its user, or has cancelled it. */
  releaseSlot(slot: number): void {
    Atomics.store(this.words, wordOf(slot) + CLAIM, layout.FREE);
    this.users[slot] = null;
    this.#free.push(slot);
  }

  /** Offers a filled slot to the workers; who sleeps is woken at the end of this turn. */
  queue(slot: number): void {
    const { words } = this;
    Atomics.store(words, wordOf(slot) + CLAIM, layout.QUEUED);
    const tail = words[RING_TAIL]!;
    Atomics.store(words, RING + (tail & (layout.RING_ENTRIES - 1)), slot);
    Atomics.store(words, RING_TAIL, (tail + 1) | 0);
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
    Atomics.store(this.words, at.stop >> 2, 1);
    for (let index = 0; index < this.shape.workers; index++) this.#wakeWorker(index);
  }

  isReady(): boolean {
    return Atomics.load(this.words, at.ready >> 2) === 1;
  }

  /** Slots in this state. */
  count(state: number): number {
    let found = 0;
    for (let slot = 0; slot < this.shape.slots; slot++) {
      if ((Atomics.load(this.words, wordOf(slot) + CLAIM) & 255) === state) found++;
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
    const { words } = this;
    const waiting = (words[RING_TAIL]! - Atomics.load(words, RING_HEAD)) >>> 0;
    let left = Math.min(this.#unannounced, waiting);
    this.#unannounced = 0;
    // The lowest-numbered sleeper: under light load few workers stay warm, the others
    // keep sleeping and their memory can be swapped.
    while (left > 0 && (this.#wakeOneOf(0) || this.#wakeOneOf(1))) left--;
  };

  #wakeOneOf(half: number): boolean {
    const { words } = this;
    for (;;) {
      const sleeping = Atomics.load(words, SLEEPING + half);
      if (sleeping === 0) return false;
      const bit = sleeping & -sleeping;
      if ((Atomics.and(words, SLEEPING + half, ~bit) & bit) === 0) continue;
      this.#wakeWorker(half * 32 + 31 - Math.clz32(bit));
      return true;
    }
  }

  #wakeWorker(index: number): void {
    const bell = at.workers + index * layout.WORKER_BYTES + layout.worker.bell;
    Atomics.add(this.words, bell >> 2, 1);
    this.native.wake(bell);
  }

  #drainNews(): void {
    const { words, users } = this;
    for (let i = 0; i < this.#newsWords; i++) {
      if (words[NEWS + i] === 0) continue;
      let bits = Atomics.exchange(words, NEWS + i, 0);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        users[i * 32 + bit]?.advance();
      }
    }
    this.#onDoorbell();
    if (this.#unannounced > 0) this.#wakeWorkers();
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
