import type { IncomingMessage } from 'node:http';

const nothing = Buffer.alloc(0);
const CR = 13;
const LF = 10;

/**
 * Reads along on the wire, in front of node:http's parser. That parser refuses every bare
 * LF, CR and fold in a head but these: it takes a bare LF or CR before the request line,
 * several spaces within it, and RTSP/1.0 and ICE/1.0 for HTTP/1.0. Other parsers read
 * them differently, and nothing that can be read in two ways may reach PHP. Costs 1.5 µs
 * a request, nearly all for handing the bytes through JavaScript.
 */
export class Wire {
  /** Arrived and not known to be used up. */
  #bytes: Buffer = nothing;
  /** Where the next head begins in `#bytes`, or the earliest place where it can. */
  #next = 0;
  /**
   * False after a chunked body in the same piece: only the parser knows where it ended.
   */
  #isExact = true;
  /** Bytes of the current body that have not arrived. */
  #bodyRest = 0;

  /** Before the parser gets it. `isInBody`: the last request was incomplete until now. */
  push(chunk: Buffer, isInBody: boolean): void {
    if (this.#bodyRest > 0) {
      const skipped = Math.min(this.#bodyRest, chunk.length);
      this.#bodyRest -= skipped;
      this.#bytes = chunk;
      this.#next = skipped;
    } else if (isInBody || this.#next === this.#bytes.length) {
      this.#bytes = chunk;
      this.#next = 0;
    } else {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#next), chunk]);
      this.#next = 0;
    }
  }

  /** Bytes kept because a head has begun in them and is incomplete. */
  get pendingBytes(): number {
    return this.#bytes.length - this.#next;
  }

  /** After hasPlainRequestLine: surely nothing follows that request in what has arrived. */
  get isUsedUp(): boolean {
    return this.#isExact && this.#bodyRest === 0 && this.pendingBytes === 0;
  }

  /** The beginning of the head that is arriving, or of what it was taken for. */
  get startOfHead(): string {
    return this.#bytes.toString('latin1', this.#next, this.#next + 64 * 1024);
  }

  /**
   * In the turn in which the head of `req` has been parsed: whether its request line
   * stands on the wire as RFC 9112 §3 writes it, with single spaces and CRLF.
   */
  hasPlainRequestLine(req: IncomingMessage): boolean {
    const bytes = this.#bytes;
    const line = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
    const at = this.#isExact
      ? skipEmptyLines(bytes, this.#next)
      : bytes.indexOf(line, this.#next, 'latin1');
    if (at < 0 || bytes.toString('latin1', at, at + line.length) !== line) return false;
    const end = bytes.indexOf('\r\n\r\n', at + line.length - 2, 'latin1');
    this.#passHead(end < 0 ? bytes.length : end + 4, req);
    return true;
  }

  #passHead(headEnd: number, { headers }: IncomingMessage): void {
    const arrived = this.#bytes.length - headEnd;
    const length = Number(headers['content-length'] ?? 0);
    this.#isExact = headers['transfer-encoding'] === undefined;
    this.#bodyRest = Math.max(length - arrived, 0);
    this.#next = headEnd + Math.min(length, arrived);
    // An idle connection should not keep its last request's bytes.
    if (this.#isExact && this.#next === this.#bytes.length) {
      this.#bytes = nothing;
      this.#next = 0;
    }
  }
}

/** RFC 9112 §2.2: empty lines before a request line are ignored. */
function skipEmptyLines(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}
