import { constants, fstatSync, openSync, writeSync } from 'node:fs';

const STALLED_MS = 1000;
const LF = 10;
const nothing = Buffer.alloc(0);
const pause = new Int32Array(new SharedArrayBuffer(4));

let output = -1;
/** Nobody has read for STALLED_MS: until somebody does, nothing waits for him. */
let isStalled = false;
/** The rest of a line whose beginning has been written. */
let begun: Buffer = nothing;

/**
 * Waits for a slow reader for at most a second, then drops whole lines: a log nobody
 * reads must not stop the server for ever.
 */
export function writeToStderr(text: string): void {
  if (output < 0) output = openOutput();
  let rest = Buffer.concat([begun, Buffer.from(text)]);
  let isWithin = begun.length > 0;
  const deadline = isStalled ? 0 : performance.now() + STALLED_MS;
  while (rest.length > 0) {
    try {
      const count = writeSync(output, rest);
      isWithin = rest[count - 1] !== LF;
      rest = rest.subarray(count);
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (isFull && performance.now() < deadline) {
        Atomics.wait(pause, 0, 0, 5);
        continue;
      }
      isStalled = isFull;
      begun = isWithin ? Buffer.from(rest.subarray(0, rest.indexOf(LF) + 1)) : nothing;
      return;
    }
  }
  isStalled = false;
  begun = nothing;
}

/**
 * A pipe once more, so that a write to it does not block: the flag belongs to what was
 * opened, and standard error is shared with whoever started us.
 */
function openOutput(): number {
  try {
    if (!fstatSync(2).isFIFO()) return 2;
    return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return 2;
  }
}
