/**
 * native/channel/layout.h for JavaScript: the same names, as byte offsets. A test compiles
 * layout.h and compares. Words are 32 bit; `Int32Array` indices are `offset >> 2`.
 */

export const MAGIC = 0x6b706870;
export const LAYOUT_VERSION = 1;
export const MAX_WORKERS = 64;
export const MAX_SLOTS = 512;
export const RING_ENTRIES = 4096;

export const SLOTS_OFFSET = 32768;
export const SLOT_BYTES = 495616;
export const REQUEST_HEAD = 98304;
export const REQUEST_RING = 65536;
export const RESPONSE_HEAD = 65536;
export const RESPONSE_RING = 262144;
export const REQUEST_HEAD_OFFSET = 256;
export const RESPONSE_HEAD_OFFSET = REQUEST_HEAD_OFFSET + REQUEST_HEAD;
export const REQUEST_RING_OFFSET = RESPONSE_HEAD_OFFSET + RESPONSE_HEAD;
export const RESPONSE_RING_OFFSET = REQUEST_RING_OFFSET + REQUEST_RING;

/** slot.claim: state in the low byte, the worker's index above it. */
export const FREE = 0;
export const QUEUED = 1;
export const TAKEN = 2;
export const DONE = 3;

export const BODY_NONE = 0;
export const BODY_RING = 1;
export const BODY_DESCRIPTOR = 2;

export const OUTCOME_OK = 0;
export const OUTCOME_EXITED = 1;
export const OUTCOME_SIGNALED = 2;
export const OUTCOME_TIMEOUT = 3;
/** The front's own, in a dead zygote's memory; not in layout.h. */
export const OUTCOME_ZYGOTE_DIED = 255;

/** Offsets in struct phpack_channel, from the start of the memory. */
export const channel = {
  magic: 0,
  version: 4,
  slot_count: 8,
  worker_count: 12,
  request_timeout_ms: 16,
  max_requests: 20,
  front_pid: 24,
  request_grace_ms: 28,
  after_finish_timeout_ms: 32,
  ring_head: 64,
  ring_tail: 128,
  sleeping: 192,
  front_asleep: 256,
  stop: 260,
  ready: 264,
  forks: 268,
  deaths: 272,
  news: 320,
  workers: 384,
  ring: 384 + 64 * MAX_WORKERS,
} as const;

/** Offsets in struct phpack_worker. */
export const worker = {
  bell: 0,
  pid: 4,
  slot: 8,
  clock: 12,
  requests: 16,
  kill_reason: 20,
  ended_clock: 24,
  holds_opcache: 28,
} as const;
export const WORKER_BYTES = 64;

/** Offsets in struct phpack_slot. */
export const slot = {
  claim: 0,
  bell: 4,
  worker_waits: 8,
  aborted: 12,
  request_serial: 16,
  head_bytes: 20,
  header_count: 24,
  variable_count: 28,
  body_kind: 32,
  body_length_low: 36,
  body_length_high: 40,
  body_written: 44,
  body_read: 48,
  body_ended: 52,
  front_waits: 56,
  status: 60,
  response_head_bytes: 64,
  head_ready: 68,
  response_written: 72,
  response_read: 76,
  response_ended: 80,
  outcome: 84,
  outcome_detail: 88,
  peak_kib: 92,
  overdue: 96,
} as const;

/** One record of the log pipe: this header, then text. */
export const logRecord = {
  bytes: 0,
  level: 2,
  flags: 3,
  pid: 4,
  slot: 8,
  request_serial: 12,
} as const;
export const LOG_HEADER = 16;
export const LOG_MORE = 1;
