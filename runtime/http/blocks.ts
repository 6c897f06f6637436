/**
 * Memory for content on its way to a socket or disk, used again and again: a fresh buffer
 * for each response makes V8 run its major collector all the time (a third of the CPU of
 * a 50 KB page, and 100 MB of garbage, measured). Also the most that a client which does
 * not read holds in memory of one answer.
 */

export const BLOCK_BYTES = 64 * 1024;
/** Unused ones kept. */
const MAX_FREE = 64;

const free: Buffer[] = [];
const ours = new WeakSet<ArrayBufferLike>();

export function takeBlock(): Buffer {
  const block = free.pop();
  if (block !== undefined) return block;
  const fresh = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  ours.add(fresh.buffer);
  return fresh;
}

/**
 * Gives back the block that `bytes` is the beginning of, if it is one; nobody may read it
 * any more. A block that is not given back is garbage like any other.
 */
export function returnBlock(bytes: Buffer): void {
  if (free.length >= MAX_FREE || !ours.has(bytes.buffer)) return;
  free.push(
    bytes.length === BLOCK_BYTES ? bytes : Buffer.from(bytes.buffer, 0, BLOCK_BYTES),
  );
}

/** Below this a copy is cheap, and a block would be wasted on it. */
const MIN_BLOCK_BYTES = 8 * 1024;

/** A copy of at most a block of bytes; given back with returnBlock, or not. */
export function copyBytes(view: Buffer): Buffer {
  if (view.length < MIN_BLOCK_BYTES) return copyExactly(view);
  const block = takeBlock();
  view.copy(block);
  return block.subarray(0, view.length);
}

/** A copy that holds no more memory than its length, unlike Buffer.from()'s small ones. */
export function copyExactly(view: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(view.length);
  view.copy(copy);
  return copy;
}

/** So many small pieces in a row become one. */
const MAX_TINY = 256;

/**
 * Adds `piece` and says how many pieces stand at the end since they were last put
 * together. A piece costs some 500 bytes beside its own.
 */
export function addPiece(pieces: Buffer[], piece: Buffer, tiny: number): number {
  pieces.push(piece);
  if (piece.length >= MIN_BLOCK_BYTES) return 0;
  if (tiny + 1 < MAX_TINY) return tiny + 1;
  pieces.push(Buffer.concat(pieces.splice(-MAX_TINY)));
  return 0;
}
