import type { PhpRequestHead } from './types.ts';

/** How many requests are remembered. A power of two. */
const RECENT = 256;
/** Of larger heads the headers are not kept: log lines do not show them. */
const MAX_HEAD_BYTES = 4096;

/**
 * Heads of the last requests by their serial, because log lines arrive by another way than
 * responses, often after them.
 */
export class RecentRequests {
  readonly #serials = new Uint32Array(RECENT);
  readonly #heads: (PhpRequestHead | undefined)[] = Array.from({ length: RECENT });

  /** `bytes`: of the head as it was encoded. */
  remember(serial: number, head: PhpRequestHead, bytes: number): void {
    const at = serial & (RECENT - 1);
    this.#serials[at] = serial;
    this.#heads[at] = bytes <= MAX_HEAD_BYTES ? head : { ...head, rawHeaders: [] };
  }

  /** Undefined when there is none or it is too long ago. Serial 0 is nobody's. */
  find(serial: number): PhpRequestHead | undefined {
    const at = serial & (RECENT - 1);
    return serial !== 0 && this.#serials[at] === serial ? this.#heads[at] : undefined;
  }
}
