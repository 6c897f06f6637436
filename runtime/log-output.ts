import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errnoOf } from './errors.ts';

/** What may wait for a reader; a busy server's access log of a second. */
const MAX_QUEUED = 4 << 20;
const LONGEST_PAUSE_MS = 100;
/** How long the end of the process waits for a reader who reads nothing, and for a slow one. */
const END_MS = 1000;
const LONGEST_END_MS = 5000;
const pause = new Int32Array(new SharedArrayBuffer(4));

let output = -1;
/** A write to it may wait for a reader. */
let canBlock = false;
let writeNoWait: ((fd: number, bytes: Buffer) => number) | null = null;
const queue: Buffer[] = [];
let queuedBytes = 0;
let lostLines = 0;
let formatLost = (lines: number): string => `${lines} lines lost\n`;
let retry: NodeJS.Timeout | null = null;
let pauseMs = 1;

/**
 * A way to write to a socket, or to a pipe of another user, that takes what there is room
 * for; without one, a server whose log nobody reads would stop in such a write.
 */
export function useWriteNoWait(write: (fd: number, bytes: Buffer) => number): void {
  writeNoWait = write;
}

/**
 * Writes whole lines and waits for nobody. What nobody reads is kept up to a limit, then lost:
 * `describeLoss` makes the line that says how many, written as soon as there is room.
 */
export function writeToStderr(
  text: string,
  describeLoss: (lines: number) => string,
): void {
  formatLost = describeLoss;
  writeQueued();
  if (queuedBytes + text.length > MAX_QUEUED) {
    lostLines += text.split('\n').length - 1;
    return;
  }
  if (lostLines > 0) reportLoss();
  enqueue(text);
  writeQueued();
  if (queuedBytes > 0) retry ??= setTimeout(tryAgain, pauseMs).unref();
}

/** Soon where somebody reads, else ever more seldom. */
function tryAgain(): void {
  const before = queuedBytes;
  writeQueued();
  pauseMs = queuedBytes < before ? 1 : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  retry = queuedBytes > 0 ? setTimeout(tryAgain, pauseMs).unref() : null;
}

/** Lets a reader have what is queued; call it before the process ends. */
export function endStderr(): void {
  const end = performance.now() + LONGEST_END_MS;
  let patience = performance.now() + END_MS;
  for (;;) {
    const before = queuedBytes;
    writeQueued();
    const now = performance.now();
    if (queuedBytes < before) patience = now + END_MS;
    if (queuedBytes === 0 || now > Math.min(end, patience)) return;
    Atomics.wait(pause, 0, 0, 1);
  }
}

function enqueue(text: string): void {
  const bytes = Buffer.from(text);
  queue.push(bytes);
  queuedBytes += bytes.length;
}

function reportLoss(): void {
  enqueue(formatLost(lostLines));
  lostLines = 0;
}

function writeQueued(): void {
  for (;;) {
    if (queue.length === 0 && lostLines > 0) reportLoss();
    const [first] = queue;
    if (first === undefined) break;
    const count = tryWrite(first);
    queuedBytes -= count;
    if (count === first.length) queue.shift();
    else if (count > 0) queue[0] = first.subarray(count);
    else return;
  }
}

/** Number of bytes taken; all when they cannot be written at all: nobody will ever read. */
function tryWrite(bytes: Buffer): number {
  if (output < 0) output = openOutput();
  try {
    if (canBlock && writeNoWait !== null) return writeNoWait(output, bytes);
    return writeSync(output, bytes);
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? 0 : bytes.length;
  }
}

/**
 * A pipe or terminal once more, so that a write to it does not block: the flag belongs to
 * what was opened, and standard error is shared with whoever started us.
 */
function openOutput(): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    const stats = fstatSync(2);
    canBlock = stats.isSocket();
    if (!stats.isFIFO() && !isatty(2)) return 2;
    canBlock = true;
    const fd = openSync('/proc/self/fd/2', O_WRONLY | O_NONBLOCK | O_NOCTTY);
    canBlock = false;
    return fd;
  } catch {
    // Of another user, or there is no /proc.
    return 2;
  }
}
