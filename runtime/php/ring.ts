import type { NativeChannel } from '../native.ts';
import * as layout from './layout.ts';

const { channel: at } = layout;
const HEAD = at.ring_head >> 2;
const TAIL = at.ring_tail >> 2;
const ENTRIES = at.ring >> 2;
const SLEEPING = at.sleeping >> 2;

/**
 * The front's end of the ring through which workers find requests, and their bells
 * (PROTOCOL.md "Taking a request").
 */
export class WorkerRing {
  readonly #words: Int32Array;
  readonly #native: NativeChannel;
  readonly #workers: number;
  /** Bits of `sleeping` that belong to a worker. */
  readonly #workerBits: readonly [number, number];
  /** Position behind the last entry; free-running, wraps at 2^32. */
  #tail = 0;
  /** Of each slot's last entry. */
  readonly #places: Int32Array;
  /** Entries since sleepers were woken. */
  #unannounced = 0;

  constructor(words: Int32Array, native: NativeChannel, slots: number, workers: number) {
    this.#words = words;
    this.#native = native;
    this.#workers = workers;
    this.#workerBits = [lowBits(workers), lowBits(workers - 32)];
    this.#places = new Int32Array(slots);
  }

  /** Entries nobody has read; more than there can be if a word is wrong. */
  get #waiting(): number {
    return (this.#tail - Atomics.load(this.#words, HEAD)) >>> 0;
  }

  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  /** Stale entries count. */
  get hasRoom(): boolean {
    return this.#waiting < layout.RING_ENTRIES - 1;
  }

  /** False: a word of it is wrong. */
  get isWhole(): boolean {
    return this.#words[TAIL] === this.#tail && this.#waiting <= layout.RING_ENTRIES;
  }

  /** Adds the slot; who sleeps is woken at the end of this turn. */
  put(slot: number): void {
    const words = this.#words;
    const tail = this.#tail;
    this.#places[slot] = tail;
    Atomics.store(words, ENTRIES + (tail & (layout.RING_ENTRIES - 1)), slot);
    this.#tail = (tail + 1) | 0;
    Atomics.store(words, TAIL, this.#tail);
    if (this.#unannounced++ === 0) setImmediate(this.#wakeSleepers);
  }

  /** The slot's last entry has been read by somebody, whatever came of it. */
  isPassed(slot: number): boolean {
    return ((Atomics.load(this.#words, HEAD) - this.#places[slot]!) | 0) > 0;
  }

  /** Does now what put() leaves to the end of the turn. */
  announce(): void {
    if (this.#unannounced > 0) this.#wakeSleepers();
  }

  /** Rings every worker, also those of which the memory does not say that they sleep. */
  wakeAll(): void {
    for (let index = 0; index < this.#workers; index++) this.#wake(index);
  }

  /**
   * One for each request of this turn that nobody has taken. Waking is the dearest call of
   * a small request (20 µs on a virtual machine), and a worker that is woken for each of
   * them has gone to sleep again before the next: so they are woken together.
   */
  readonly #wakeSleepers = (): void => {
    let left = Math.min(this.#unannounced, this.#waiting);
    this.#unannounced = 0;
    // The lowest-numbered sleeper: under light load few workers stay warm, the others
    // keep sleeping and their memory can be swapped.
    while (left > 0 && (this.#wakeOneOf(0) || this.#wakeOneOf(1))) left--;
  };

  #wakeOneOf(half: 0 | 1): boolean {
    const words = this.#words;
    for (;;) {
      const sleeping = Atomics.load(words, SLEEPING + half) & this.#workerBits[half];
      if (sleeping === 0) return false;
      const bit = sleeping & -sleeping;
      if ((Atomics.and(words, SLEEPING + half, ~bit) & bit) === 0) continue;
      this.#wake(half * 32 + 31 - Math.clz32(bit));
      return true;
    }
  }

  #wake(index: number): void {
    const bell = workerOf(index) + layout.worker.bell;
    Atomics.add(this.#words, bell >> 2, 1);
    this.#native.wake(bell);
  }
}

/** Offset of the worker's first word. */
export function workerOf(index: number): number {
  return at.workers + index * layout.WORKER_BYTES;
}

/** A word whose lowest `count` bits are set. */
function lowBits(count: number): number {
  return count >= 32 ? -1 : (1 << Math.max(count, 0)) - 1;
}
