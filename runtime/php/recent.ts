import type { PhpRequestHead } from './types.ts';

/** How many requests are remembered. A power of two. */
const RECENT = 256;

/**
 * Heads of the last requests by their serial, because log lines arrive by another way than
 * responses, often after them.
 */
export class RecentRequests {
  readonly #serials = new Uint32Array(RECENT);
  readonly #heads: (PhpRequestHead | undefined)[] = Array.from({ length: RECENT });

  remember(serial: number, head: PhpRequestHead): void {
    const at = serial & (RECENT - 1);
    this.#serials[at] = serial;
    this.#heads[at] = head;
  }

  /** Undefined when there is none or it is too long ago. Serial 0 is nobody's. */
  find(serial: number): PhpRequestHead | undefined {
    const at = serial & (RECENT - 1);
    return serial !== 0 && this.#serials[at] === serial ? this.#heads[at] : undefined;
  }
}
