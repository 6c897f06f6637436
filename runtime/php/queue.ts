import type { Exchange } from './exchange.ts';

/** So few ended ones may always stay. */
const MIN_KEPT = 64;

/**
 * Requests that wait for a slot, first in, first out. Those that ended while they waited
 * (aborted, timed out) are skipped when they come to the front, and thrown out before they
 * are more than the others: clients that come and go must not fill the memory.
 */
export class WaitingQueue {
  #entries: Exchange[] = [];
  #first = 0;
  #compactAt = MIN_KEPT;

  /** What is held in memory, ended or not. */
  get keptEntries(): number {
    return this.#entries.length;
  }

  push(exchange: Exchange): void {
    if (this.#entries.length >= this.#compactAt) this.#replace(this.all());
    this.#entries.push(exchange);
  }

  /** Ahead of all others, in this order. */
  unshiftAll(exchanges: readonly Exchange[]): void {
    this.#replace([...exchanges, ...this.all()]);
  }

  /** The first that still waits; stays in the queue. */
  peek(): Exchange | undefined {
    while (this.#first < this.#entries.length) {
      const exchange = this.#entries[this.#first]!;
      if (!exchange.isOver) return exchange;
      this.#dropFirst();
    }
    return undefined;
  }

  shift(): Exchange | undefined {
    const exchange = this.peek();
    if (exchange) this.#dropFirst();
    return exchange;
  }

  /** All that still wait. */
  all(): Exchange[] {
    return this.#entries.slice(this.#first).filter((exchange) => !exchange.isOver);
  }

  #dropFirst(): void {
    this.#first++;
    // Array.shift() moves all others; cut off the used part only now and then.
    const isMostUsed = this.#first * 2 >= this.#entries.length;
    if (this.#first < this.#entries.length && !(isMostUsed && this.#first >= MIN_KEPT)) {
      return;
    }
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }

  #replace(entries: Exchange[]): void {
    this.#entries = entries;
    this.#first = 0;
    this.#compactAt = Math.max(MIN_KEPT, 2 * entries.length);
  }
}
