import type { FakeExchange } from './fake-pool.ts';

/** Writes as PHP's side does: pauses when told to, goes on at resume(). */
export class Writer {
  written = 0;
  readonly #exchange: FakeExchange;
  readonly #count: number;
  readonly #pieceOf: (index: number) => Buffer;

  constructor(exchange: FakeExchange, count: number, pieceOf: (index: number) => Buffer) {
    this.#exchange = exchange;
    this.#count = count;
    this.#pieceOf = pieceOf;
    exchange.onResume = () => setImmediate(() => this.run());
  }

  start(): void {
    this.#exchange.sink.onHead(200, ['Content-Type', 'text/plain']);
    this.run();
  }

  run(): void {
    while (this.written < this.#count) {
      if (!this.#exchange.sink.onData(this.#pieceOf(this.written++))) return;
    }
    if (this.written++ === this.#count) this.#exchange.sink.onEnd();
  }

  get isDone(): boolean {
    return this.written > this.#count;
  }
}
