import { BLOCK_BYTES, copyBytes, returnBlock, takeBlock } from './blocks.ts';
import type { FrontResponse } from './response.ts';
import { SpoolFile } from './spool-file.ts';

/** What node:http may hold for a client that reads slowly; more goes to a file. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** What may wait for the disk; then PHP has to. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/**
 * Takes a response's bytes as fast as PHP writes them and sends them as fast as the
 * client reads: through node:http's buffer, and through a nameless file when that is
 * full, so that a slow reader keeps no worker. Without disk space PHP waits for the
 * client instead.
 */
export class Outlet {
  readonly #response: FrontResponse;
  /** May be called when push() has returned false. */
  readonly #onRoom: () => void;
  #file: SpoolFile | null = null;
  /** Given to the socket and not yet sent, in order. */
  readonly #inFlight: Buffer[] = [];
  /** Sent, of what is in the file. */
  #position = 0;
  #isReading = false;
  #hasNoDisk = false;
  #isRefusing = false;
  #hasEnded = false;
  #isComplete = true;
  #isListening = false;

  constructor(response: FrontResponse, onRoom: () => void) {
    this.#response = response;
    this.#onRoom = onRoom;
  }

  /** Copies `view`. False: everything is full; wait for onRoom. */
  push(view: Buffer): boolean {
    const bytes = copyBytes(view);
    const file = this.#file;
    if (file !== null && !this.#canPass(file)) return this.#spool(file, bytes);
    this.#write(bytes);
    if (this.#response.writableLength <= MAX_BUFFERED_BYTES) return true;
    if (this.#hasNoDisk) return this.#refuse();
    // What comes next is the first that has to wait in the file.
    if (file !== null) return true;
    try {
      this.#file = new SpoolFile(this.#response.front!.spool.openFile(), this.#onWritten);
    } catch (error) {
      this.#onNoDisk(error as Error);
      return this.#refuse();
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
  }

  #write(bytes: Buffer): void {
    const response = this.#response;
    response.bodyBytes += bytes.length;
    this.#inFlight.push(bytes);
    if (response.write(bytes, this.#onSent)) return;
    response.watchWriting();
    if (this.#isListening) return;
    this.#isListening = true;
    response.on('drain', this.#onDrain);
  }

  readonly #onSent = (error?: Error | null): void => {
    const sent = this.#inFlight.shift();
    if (sent !== undefined && !error) returnBlock(sent);
  };

  readonly #onDrain = (): void => {
    // The client has taken all there was: whatever comes next is our delay.
    this.#response.stopWatching();
    if (this.#file !== null) this.#readOn();
    else this.#giveRoom();
  };

  #spool(file: SpoolFile, bytes: Buffer): boolean {
    file.append(bytes);
    if (file.hasFailed || file.queuedBytes > MAX_QUEUED_BYTES) return this.#refuse();
    this.#readOn();
    return true;
  }

  readonly #onWritten = (error: Error | null): void => {
    const file = this.#file;
    if (file === null) return;
    if (error) this.#onNoDisk(error);
    this.#readOn();
    if (!file.hasFailed && file.queuedBytes < MAX_QUEUED_BYTES / 2) this.#giveRoom();
  };

  /** Nothing waits in the file and the client keeps up: the file is not needed now. */
  #canPass(file: SpoolFile): boolean {
    return (
      file.length === this.#position &&
      file.queuedBytes === 0 &&
      !this.#isReading &&
      this.#response.writableLength <= MAX_BUFFERED_BYTES
    );
  }

  /** Moves a piece from the file to node:http, when that has room. */
  #readOn(): void {
    const file = this.#file;
    const response = this.#response;
    if (file === null || this.#isReading || response.destroyed) return;
    const rest = file.length - this.#position;
    if (response.writableLength > MAX_BUFFERED_BYTES / 2) return;
    if (rest === 0) {
      if (file.hasFailed) this.#goOnWithout(file);
      else if (file.queuedBytes === 0) this.#onDrained(file);
      return;
    }
    this.#isReading = true;
    const block = takeBlock();
    const count = Math.min(rest, BLOCK_BYTES);
    file.read(block, count, this.#position, (error, bytesRead) => {
      this.#isReading = false;
      if (error || bytesRead === 0) {
        response.destroy();
        return;
      }
      this.#position += bytesRead;
      this.#write(block.subarray(0, bytesRead));
      this.#readOn();
    });
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
    this.close();
    if (this.#hasEnded) this.#finish();
    else if (this.#response.writableLength <= MAX_BUFFERED_BYTES) this.#giveRoom();
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
