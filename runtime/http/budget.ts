/**
 * What a connection may always hold: its socket and parser (13 KB, measured), one request
 * with a head of up to FREE_HEAD_BYTES (10 KB), one piece of an answer on its way.
 */
export const CONNECTION_BYTES = 40 * 1024;
export const FREE_HEAD_BYTES = 4 * 1024;

export interface BudgetSize {
  /** Of memory, for all that clients make the front hold. */
  memoryBytes: number;
  /** On disk, for bodies and answers together. */
  spoolBytes: number;
  maxConnections: number;
}

export interface BudgetUse {
  /** Of memory, beyond what every connection has. */
  heldBytes: number;
  spooledBytes: number;
}

/**
 * The one account of what clients make the server hold. Half of the memory at most belongs
 * to connections, so that a plain request is never refused for want of it; the rest is for
 * what is larger. The nearer its end, the less of that is accepted: first reading ahead
 * ends, bodies go to files and slow readers get small pieces, then large heads get 503.
 */
export class Budget {
  readonly size: BudgetSize;
  readonly #extraBytes: number;
  #heldBytes = 0;
  #spooledBytes = 0;

  constructor(size: BudgetSize) {
    const possible = Math.max(16, Math.floor(size.memoryBytes / 2 / CONNECTION_BYTES));
    const maxConnections = Math.min(size.maxConnections, possible);
    this.size = { ...size, maxConnections };
    this.#extraBytes = Math.max(0, size.memoryBytes - maxConnections * CONNECTION_BYTES);
  }

  get use(): BudgetUse {
    return { heldBytes: this.#heldBytes, spooledBytes: this.#spooledBytes };
  }

  /** Hardly anything is taken: there is room for what is quicker with more. */
  get isAmple(): boolean {
    return this.#heldBytes < this.#extraBytes / 8;
  }

  /** More than half is taken: whatever can do with less has to. */
  get isTight(): boolean {
    return this.#heldBytes > this.#extraBytes / 2;
  }

  /** False: there is no room for it. */
  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#extraBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /** For what is here and cannot be refused any more. */
  add(bytes: number): void {
    this.#heldBytes += bytes;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  takeSpool(bytes: number): boolean {
    if (this.#spooledBytes + bytes > this.size.spoolBytes) return false;
    this.#spooledBytes += bytes;
    return true;
  }

  giveSpool(bytes: number): void {
    this.#spooledBytes -= bytes;
  }
}
