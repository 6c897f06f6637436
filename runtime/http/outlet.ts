import { BLOCK_BYTES, copyBytes, copyExactly, returnBlock, takeBlock } from './blocks.ts';
import type { FrontResponse } from './response.ts';
import { SpoolFile } from './spool-file.ts';

/** Pieces while memory is short; one of them is in every connection's own share. */
export const SMALL_PIECE_BYTES = 16 * 1024;
/** Held and read at once while memory is ample, which is quicker. */
const AMPLE_BLOCKS = 4;
/**
 * Takes a response's bytes as fast as PHP writes them and sends them as fast as the
 * client reads: a piece in memory, and the rest in a nameless file, so that a slow reader
 * keeps no worker. Without disk space PHP waits for the client instead.
 */
export class Outlet {
  readonly #response: FrontResponse;
  /** May be called when push() has returned false. */
  readonly #onRoom: () => void;
  #file: SpoolFile | null = null;
  /** Given to the socket, in order; nearly always taken at once, and told so later. */
  readonly #inFlight: Buffer[] = [];
  /** Of the budget, for those that were not taken at once. */
  #heldBytes = 0;
  /** Sent, of what is in the file. */
  #position = 0;
  #isReading = false;
  #hasNoDisk = false;
  #isRefusing = false;
  #hasEnded = false;
  #isComplete = true;

  constructor(response: FrontResponse, onRoom: () => void) {
    this.#response = response;
    this.#onRoom = onRoom;
  }

  /** Copies `view`. False: everything is full; wait for onRoom. */
  push(view: Buffer): boolean {
    for (let at = 0; at < view.length; ) {
      if (!this.#canPass()) return this.#spool(view.subarray(at));
      const piece = view.subarray(at, at + this.#pieceBytes);
      this.#write(this.#isTight ? copyExactly(piece) : copyBytes(piece));
      at += piece.length;
    }
    return true;
  }

  /**
   * Nothing more comes. Incomplete: what there is goes out, then the connection is cut,
   * for nothing else tells the client that something is missing.
   */
  end(isComplete: boolean): void {
    this.#hasEnded = true;
    this.#isComplete = isComplete;
    if (this.#file === null) this.#finish();
    else this.#readOn();
  }

  /** The response is over, in whichever way. */
  close(): void {
    this.#file?.close();
    this.#file = null;
    this.#giveBack();
  }

  get #isTight(): boolean {
    return this.#response.front!.budget.isTight;
  }

  get #pieceBytes(): number {
    return this.#isTight ? SMALL_PIECE_BYTES : BLOCK_BYTES;
  }

  /** The client has taken as much as it must before it gets more. */
  get #hasTaken(): boolean {
    const { writableLength, front } = this.#response;
    if (writableLength === 0) return true;
    return writableLength < AMPLE_BLOCKS * BLOCK_BYTES && front!.budget.isAmple;
  }

  #write(bytes: Buffer): void {
    const response = this.#response;
    response.bodyBytes += bytes.length;
    this.#inFlight.push(bytes);
    response.write(bytes, this.#onSent);
    // node:http would write at the end of the turn; we want to know now how it goes.
    response.socket?.uncork();
    if (response.writableLength === 0) return;
    const held = Math.max(0, bytes.buffer.byteLength - SMALL_PIECE_BYTES);
    this.#heldBytes += held;
    response.front!.budget.add(held);
    response.watchWriting();
  }

  readonly #onSent = (error?: Error | null): void => {
    const sent = this.#inFlight.shift();
    if (sent !== undefined && !error) returnBlock(sent);
    if (error) return;
    if (this.#inFlight.length === 0) {
      this.#giveBack();
      // The client has taken all there was: whatever comes next is our delay.
      if (!this.#response.writableEnded) this.#response.stopWatching();
    }
    if (this.#file !== null) this.#readOn();
    else if (this.#hasTaken) this.#giveRoom();
  };

  #giveBack(): void {
    this.#response.front!.budget.give(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #spool(view: Buffer): boolean {
    const file = this.#file ?? this.#openFile();
    if (file === null) {
      for (let at = 0; at < view.length; at += BLOCK_BYTES) {
        this.#write(copyBytes(view.subarray(at, at + BLOCK_BYTES)));
      }
      return this.#refuse();
    }
    for (let at = 0; at < view.length; at += BLOCK_BYTES) {
      file.append(copyBytes(view.subarray(at, at + BLOCK_BYTES)));
    }
    if (file.hasFailed || file.isBehind) return this.#refuse();
    this.#readOn();
    return true;
  }

  #openFile(): SpoolFile | null {
    if (this.#hasNoDisk) return null;
    const { spool, budget } = this.#response.front!;
    try {
      this.#file = new SpoolFile(spool.openFile(), budget, this.#onWritten);
    } catch (error) {
      this.#onNoDisk(error as Error);
    }
    return this.#file;
  }

  readonly #onWritten = (error: Error | null): void => {
    const file = this.#file;
    if (file === null) return;
    if (error) this.#onNoDisk(error);
    this.#readOn();
    if (!file.hasFailed && file.hasCaughtUp) this.#giveRoom();
  };

  /** The client has kept up: nothing waits in memory or in the file. */
  #canPass(): boolean {
    if (!this.#hasTaken) return false;
    const file = this.#file;
    if (file === null) return true;
    return file.length === this.#position && file.queuedBytes === 0 && !this.#isReading;
  }

  /** Moves a piece from the file to the client, when that has taken the last one. */
  #readOn(): void {
    const file = this.#file;
    const response = this.#response;
    if (file === null || this.#isReading || response.destroyed) return;
    const rest = file.length - this.#position;
    if (!this.#hasTaken) return;
    if (rest === 0) {
      if (file.hasFailed) this.#goOnWithout(file);
      else if (file.queuedBytes === 0) this.#onDrained(file);
      return;
    }
    this.#isReading = true;
    const blocks = this.#blocksFor(rest);
    file.read(blocks, this.#position, (error, bytesRead) => {
      this.#isReading = false;
      if (error || bytesRead === 0) {
        response.destroy();
        return;
      }
      this.#position += bytesRead;
      let left = bytesRead;
      for (const block of blocks) {
        if (left > 0) this.#write(block.subarray(0, left));
        left -= block.length;
      }
      this.#readOn();
    });
  }

  #blocksFor(bytes: number): Buffer[] {
    if (this.#isTight || bytes <= SMALL_PIECE_BYTES) {
      return [Buffer.allocUnsafeSlow(Math.min(bytes, SMALL_PIECE_BYTES))];
    }
    const count = this.#response.front!.budget.isAmple ? AMPLE_BLOCKS : 1;
    const blocks: Buffer[] = [];
    // Never beyond what is known to be written.
    for (let left = bytes; left > 0 && blocks.length < count; left -= BLOCK_BYTES) {
      blocks.push(takeBlock().subarray(0, left));
    }
    return blocks;
  }

  /** All that was spooled is on its way. */
  #onDrained(file: SpoolFile): void {
    if (this.#hasEnded) {
      this.#finish();
      this.close();
      return;
    }
    if (this.#position === 0) return;
    this.#position = 0;
    file.rewind();
  }

  /** The disk is full and the file is sent: what was left over goes, then PHP waits. */
  #goOnWithout(file: SpoolFile): void {
    for (const piece of file.takeQueue()) this.#write(piece);
    this.#file?.close();
    this.#file = null;
    if (this.#hasEnded) this.#finish();
    else if (this.#response.writableLength === 0) this.#giveRoom();
  }

  #finish(): void {
    if (this.#isComplete) this.#response.end();
    else cutOff(this.#response);
    this.#response.watchWriting();
  }

  #refuse(): boolean {
    this.#isRefusing = true;
    return false;
  }

  #giveRoom(): void {
    if (!this.#isRefusing) return;
    this.#isRefusing = false;
    this.#onRoom();
  }

  #onNoDisk(error: Error): void {
    if (this.#hasNoDisk) return;
    this.#hasNoDisk = true;
    const { front, requestId } = this.#response;
    front!.log.write('error', `A response cannot be spooled: ${error.message}`, {
      request: requestId,
    });
  }
}

/** Ends the connection so that the client sees an incomplete response. */
export function cutOff(response: FrontResponse): void {
  const { socket } = response;
  if (socket === null) response.destroy();
  // Without length and chunks the end of the connection is the end of the content.
  else if (response.req.httpVersion === '1.0') socket.resetAndDestroy();
  else socket.destroySoon();
}
