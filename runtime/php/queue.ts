import type { Exchange } from './exchange.ts';

/**
 * Requests that wait for a slot, first in, first out. Those that ended while they waited
 * (aborted, timed out) are skipped when they come to the front.
 */
export class WaitingQueue {
  #entries: Exchange[] = [];
  #first = 0;

  push(exchange: Exchange): void {
    this.#entries.push(exchange);
  }

  /** Ahead of all others, in this order. */
  unshiftAll(exchanges: readonly Exchange[]): void {
    this.#entries = [...exchanges, ...this.#entries.slice(this.#first)];
    this.#first = 0;
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
    if (this.#first < 1024 && this.#first < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
