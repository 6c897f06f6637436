import type { IncomingMessage } from 'node:http';
import { ChunkScanner } from './chunked.ts';

const nothing = Buffer.alloc(0);
const CR = 13;
const LF = 10;
/**
 * head-end: of a head that the parser has not confirmed yet. lost: it sees something else
 * than we do, and will find fault with it.
 */
type Phase = 'before' | 'head' | 'head-end' | 'length' | 'chunked' | 'lost';

/**
 * Finds where each message begins and ends, in front of node:http's parser, which gets one
 * at a time. That parser refuses every bare LF, CR and fold in a head but these: it takes a
 * bare LF or CR before the request line, several spaces within it, and RTSP/1.0 and ICE/1.0
 * for HTTP/1.0. Other parsers read them differently, and nothing that can be read in two
 * ways may reach PHP. Costs 1.5 µs a request, nearly all for handing the bytes through
 * JavaScript.
 */
export class Wire {
  #phase: Phase = 'before';
  readonly #chunks = new ChunkScanner();
  /** Bytes of the current body that have not arrived. */
  #rest = 0;
  /** The piece the parser has now, and where its head begins in it. */
  #piece: Buffer = nothing;
  #headStart = 0;
  #headBytes = 0;
  /** The beginning of a head that comes in several pieces, up to its first line's end. */
  #start: Buffer = nothing;
  /** How many bytes of the CRLF CRLF behind a head are there. */
  #matched = 0;
  /** Bytes of empty lines since the last message. */
  #emptyBytes = 0;
  /** The last piece ended in the middle of an empty line before a head. */
  #hasCr = false;

  /** Whether what comes next begins a message. */
  get isAtBorder(): boolean {
    return this.#phase === 'before';
  }

  /** Others should have their turn before the parser gets more of the body. */
  get hasPaused(): boolean {
    return this.#phase === 'chunked' && this.#chunks.hasPaused;
  }

  /** What has arrived of a head, or of the trailers, which are kept as long. */
  get headBytes(): number {
    return this.#phase === 'chunked' ? this.#chunks.trailerBytes : this.#headBytes;
  }

  /** Endless empty lines are in no head and would never be too many for the parser. */
  get emptyBytes(): number {
    return this.#emptyBytes;
  }

  /** The beginning of the head that is arriving, or of what it was taken for. */
  get startOfHead(): string {
    if (this.#start.length > 0) return this.#start.toString('latin1');
    return this.#piece.toString('latin1', this.#headStart, this.#headStart + 64 * 1024);
  }

  /**
   * Where the piece ends that the parser may have now: with the current head, or with the
   * current body, or with `bytes`.
   */
  advance(bytes: Buffer, from: number): number {
    switch (this.#phase) {
      case 'length': {
        const count = Math.min(this.#rest, bytes.length - from);
        this.#rest -= count;
        if (this.#rest === 0) this.#phase = 'before';
        return from + count;
      }
      case 'chunked': {
        const end = this.#chunks.advance(bytes, from);
        if (this.#chunks.hasEnded) this.#phase = 'before';
        return end;
      }
      case 'before':
      case 'head':
        return this.#advanceHead(bytes, from);
      case 'head-end':
        // As with HTTP/2's preface, which the parser wants to see to its end.
        this.#phase = 'lost';
        return bytes.length;
      case 'lost':
        return bytes.length;
      default:
        return this.#phase satisfies never;
    }
  }

  /** Called when the parser has had its piece: nothing of it is kept. */
  release(): void {
    this.#piece = nothing;
  }

  /**
   * When the parser has found a head: whether it is the one found here, with a request
   * line as RFC 9112 §3 writes it: single spaces and CRLF.
   */
  confirmHead(req: IncomingMessage): boolean {
    if (this.#phase !== 'head-end') return false;
    const line = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
    const isWhole = this.#start.length === 0;
    const bytes = isWhole ? this.#piece : this.#start;
    const at = isWhole ? this.#headStart : 0;
    this.#start = nothing;
    this.#headBytes = 0;
    this.#frame(req);
    return bytes.toString('latin1', at, at + line.length) === line;
  }

  #frame({ headers }: IncomingMessage): void {
    const length = headers['content-length'];
    if (headers['transfer-encoding'] !== undefined) {
      this.#chunks.reset();
      this.#phase = 'chunked';
    } else if (length !== undefined && Number(length) > 0) {
      this.#rest = Number(length);
      this.#phase = 'length';
    } else {
      this.#phase = 'before';
    }
  }

  #advanceHead(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#phase === 'before') {
      at = this.#skipEmptyLines(bytes, from);
      this.#emptyBytes += at - from;
      if (at === bytes.length) return at;
      this.#phase = 'head';
      this.#emptyBytes = 0;
      this.#matched = 0;
    }
    this.#piece = bytes;
    this.#headStart = at;
    const isBegun = this.#start.length > 0;
    const end = this.#findHeadEnd(bytes, at);
    this.#headBytes += (end < 0 ? bytes.length : end) - at;
    if (end >= 0) this.#phase = 'head-end';
    if (end < 0 || isBegun) this.#keepLine(bytes, at);
    return end < 0 ? bytes.length : end;
  }

  /** RFC 9112 §2.2: empty lines before a request line are ignored. */
  #skipEmptyLines(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#hasCr) {
      this.#hasCr = false;
      // A bare CR is not an empty line: it stands in front of the request line.
      if (bytes[at] !== LF) this.#start = Buffer.from('\r');
      else at++;
    }
    while (this.#start.length === 0 && bytes[at] === CR && at < bytes.length) {
      if (at + 1 === bytes.length) {
        this.#hasCr = true;
        return bytes.length;
      }
      if (bytes[at + 1] !== LF) break;
      at += 2;
    }
    return at;
  }

  /** The index behind the CRLF CRLF that may have begun in an earlier piece, or -1. */
  #findHeadEnd(bytes: Buffer, from: number): number {
    let at = from;
    while (this.#matched > 0 && at < bytes.length) {
      this.#match(bytes[at++]!);
      if (this.#matched === 4) return at;
    }
    const found = at < bytes.length ? bytes.indexOf('\r\n\r\n', at, 'latin1') : -1;
    if (found >= 0) return found + 4;
    for (at = Math.max(at, bytes.length - 3); at < bytes.length; at++) {
      this.#match(bytes[at]!);
    }
    return -1;
  }

  #match(byte: number): void {
    const wanted = this.#matched % 2 === 0 ? CR : LF;
    this.#matched = byte === wanted ? this.#matched + 1 : byte === CR ? 1 : 0;
  }

  #keepLine(bytes: Buffer, from: number): void {
    const kept = this.#start;
    if (kept.length > 0 && kept[kept.length - 1] === LF) return;
    const lineEnd = bytes.indexOf(LF, from);
    const line = bytes.subarray(from, lineEnd < 0 ? bytes.length : lineEnd + 1);
    this.#start = Buffer.concat([kept, line]);
  }
}
