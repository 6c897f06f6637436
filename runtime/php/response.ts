import { byteOf, type Channel, wordOf } from './channel.ts';
import { DamageError } from './failure.ts';
import * as layout from './layout.ts';
import type { PhpFailure, PhpTimeout } from './types.ts';

const field = layout.slot;
const CLAIM = field.claim >> 2;
const STATUS = field.status >> 2;
const HEAD_READY = field.head_ready >> 2;
const HEAD_BYTES = field.response_head_bytes >> 2;
const WRITTEN = field.response_written >> 2;
const READ = field.response_read >> 2;
const ENDED = field.response_ended >> 2;
const WORKER_WAITS = field.worker_waits >> 2;
const OVERDUE = field.overdue >> 2;
const OUTCOME = field.outcome >> 2;
const DETAIL = field.outcome_detail >> 2;

type Memory = Channel;

/** The worker is done with the slot, or dead: nothing in it changes any more. */
export function isDone({ words }: Memory, slot: number): boolean {
  return Atomics.load(words, wordOf(slot) + CLAIM) === layout.DONE;
}

/** No further byte comes; the script may run on. */
export function isEnded({ words }: Memory, slot: number): boolean {
  return Atomics.load(words, wordOf(slot) + ENDED) === 1;
}

/** The worker has been told to end the request; nothing more of its response comes. */
export function isOverdue({ words }: Memory, slot: number): boolean {
  return Atomics.load(words, wordOf(slot) + OVERDUE) !== 0;
}

/** The response head as the worker wrote it; null before it did. */
export function readHead(
  { words, bytes }: Memory,
  slot: number,
): { status: number; block: string } | null {
  const base = wordOf(slot);
  if (Atomics.load(words, base + HEAD_READY) !== 1) return null;
  const start = byteOf(slot) + layout.RESPONSE_HEAD_OFFSET;
  const length = words[base + HEAD_BYTES]! >>> 0;
  if (length > layout.RESPONSE_HEAD) throw new DamageError('response_head_bytes', length);
  return {
    status: words[base + STATUS]!,
    block: bytes.latin1Slice(start, start + length),
  };
}

/** Position behind the last byte written; free-running, wraps at 2^32. */
function writtenOf({ words }: Memory, slot: number): number {
  return Atomics.load(words, wordOf(slot) + WRITTEN);
}

/** How many bytes stand in the ring when `read` have been read: of all, without wrapping. */
export function unreadOf(channel: Memory, slot: number, read: number): number {
  return (writtenOf(channel, slot) - (read | 0)) >>> 0;
}

/** Of `unread` bytes from `read` on those that stand in one piece. A view. */
export function pieceAt(
  { bytes }: Memory,
  slot: number,
  read: number,
  unread: number,
): Buffer {
  const from = read & (layout.RESPONSE_RING - 1);
  const count = Math.min(unread, layout.RESPONSE_RING - from);
  const start = byteOf(slot) + layout.RESPONSE_RING_OFFSET + from;
  return bytes.subarray(start, start + count);
}

/** Gives the worker the space of what has been read; wakes it if it waits for space. */
export function setRead(channel: Memory, slot: number, read: number): void {
  const base = wordOf(slot);
  Atomics.store(channel.words, base + READ, read | 0);
  if (Atomics.load(channel.words, base + WORKER_WAITS) !== 0) channel.ringBell(slot);
}

/** How a DONE request failed; null when its worker served it. */
export function failureOf(
  channel: Memory,
  slot: number,
  script: string,
): PhpFailure | null {
  const { words } = channel;
  const base = wordOf(slot);
  const outcome: number = words[base + OUTCOME]!;
  const detail = words[base + DETAIL]!;
  switch (outcome) {
    case layout.OUTCOME_OK:
      return null;
    case layout.OUTCOME_SIGNALED:
      return { reason: 'crashed', signal: detail, script };
    case layout.OUTCOME_TIMEOUT:
      return timeoutOf(channel, slot, detail !== 0, script);
    case layout.OUTCOME_ZYGOTE_DIED:
      return { reason: 'zygote-died' };
    default:
      return { reason: 'exited', status: detail, script };
  }
}

/** Over the limit of a request, or of what follows its response. */
export function timeoutOf(
  channel: Memory,
  slot: number,
  isKilled: boolean,
  script: string,
): PhpTimeout {
  const { requestTimeoutMs, afterFinishTimeoutMs } = channel.shape;
  const [limit, afterMs] = isEnded(channel, slot)
    ? (['after-finish', afterFinishTimeoutMs] as const)
    : (['request', requestTimeoutMs] as const);
  return { reason: 'timeout', limit, afterMs, isKilled, script };
}

/**
 * After the zygote's death: what its own sweep would have done for a dead worker. Whatever
 * the claim says: a wrong word may have been why it died.
 */
export function failTaken({ words }: Memory, slot: number): void {
  const base = wordOf(slot);
  if (Atomics.load(words, base + CLAIM) === layout.DONE) return;
  words[base + OUTCOME] = layout.OUTCOME_ZYGOTE_DIED;
  Atomics.store(words, base + CLAIM, layout.DONE);
}
