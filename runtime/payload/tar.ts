import { ProductError } from '../errors.ts';

const BLOCK = 512;
/** Longest pax header taken: names are at most a few kilobytes. */
const MAX_HEADER_BYTES = 1 << 20;

export interface TarEntry {
  /** Without a slash at the end; not checked for `..` (see tree.ts). */
  path: string;
  kind: 'file' | 'directory' | 'symlink';
  mode: number;
  /** Bytes of content that follow. */
  size: number;
  mtimeSeconds: number;
  /** Of a symlink. */
  linkTarget: string;
}

export interface TarSink {
  onEntry(entry: TarEntry): void;
  /** Content of the file announced last; `isLast` once per file, also of an empty one. */
  onContent(chunk: Buffer, isLast: boolean): void;
}

/**
 * Reads ustar archives with pax headers from pieces of any size. Only what a payload
 * contains: files, directories, symlinks. Why not tar-stream: docs/adr/0002.
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #block = Buffer.alloc(BLOCK);
  #blockBytes = 0;
  /**
   * Content still to come of the current file, or of the pax header of the next one.
   */
  #remaining = 0;
  #padding = 0;
  /** Pieces of such a header. */
  #header: Buffer[] | null = null;
  #next: Map<string, string> = new Map();
  #zeroBlocks = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#zeroBlocks < 2) {
      if (this.#remaining > 0) {
        const end = Math.min(chunk.length, at + this.#remaining);
        this.#remaining -= end - at;
        this.#onContent(chunk.subarray(at, end));
        at = end;
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, chunk.length - at);
        this.#padding -= skipped;
        at += skipped;
      } else {
        const copied = chunk.copy(
          this.#block,
          this.#blockBytes,
          at,
          at + BLOCK - this.#blockBytes,
        );
        this.#blockBytes += copied;
        at += copied;
        if (this.#blockBytes === BLOCK) this.#onBlock();
      }
    }
  }

  /** Throws when the archive ended in the middle. */
  end(): void {
    if (this.#zeroBlocks < 2) throw malformed('it has no end');
  }

  #onContent(chunk: Buffer): void {
    if (!this.#header) {
      this.#sink.onContent(chunk, this.#remaining === 0);
      return;
    }
    // Copied: it outlives the caller's buffer.
    this.#header.push(Buffer.from(chunk));
    if (this.#remaining > 0) return;
    parsePax(Buffer.concat(this.#header), this.#next);
    this.#header = null;
  }

  #onBlock(): void {
    this.#blockBytes = 0;
    const block = this.#block;
    if (block.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    this.#zeroBlocks = 0;
    if (checksumOf(block) !== octal(block, 148, 8)) throw malformed('bad checksum');
    const type = String.fromCharCode(block[156]!);
    const next = this.#next;
    const size = Number(next.get('size') ?? octal(block, 124, 12));
    this.#remaining = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (type === 'x') {
      if (size === 0 || size > MAX_HEADER_BYTES) throw malformed('bad pax header');
      this.#header = [];
      return;
    }
    this.#next = new Map();
    this.#onHeader(type, size, next);
  }

  #onHeader(type: string, size: number, next: ReadonlyMap<string, string>): void {
    const block = this.#block;
    const prefix = field(block, 345, 155);
    const short = field(block, 0, 100);
    const path = (next.get('path') ?? (prefix ? `${prefix}/${short}` : short)).replace(
      /\/+$/,
      '',
    );
    const kind = kindOf(type, path);
    if (kind !== 'file' && size !== 0) throw malformed(`${path} has content`);
    this.#sink.onEntry({
      path,
      kind,
      mode: octal(block, 100, 8),
      size,
      mtimeSeconds: Math.floor(Number(next.get('mtime') ?? octal(block, 136, 12))),
      linkTarget: next.get('linkpath') ?? field(block, 157, 100),
    });
    if (kind === 'file' && size === 0) this.#sink.onContent(Buffer.alloc(0), true);
  }
}

function kindOf(type: string, path: string): TarEntry['kind'] {
  if (type === '0' || type === '\0') return 'file';
  if (type === '5') return 'directory';
  if (type === '2') return 'symlink';
  throw malformed(`${path} is neither file, directory nor symbolic link`);
}

/** Records are `LENGTH KEY=VALUE\n`; LENGTH counts the bytes of the whole record. */
function parsePax(content: Buffer, into: Map<string, string>): void {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !(length > space - at)) throw malformed('bad pax header');
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    into.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
}

function field(block: Buffer, start: number, length: number): string {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function octal(block: Buffer, start: number, length: number): number {
  const text = field(block, start, length).trim();
  if (text === '') return 0;
  if (!/^[0-7]+$/.test(text)) throw malformed('bad number');
  return Number.parseInt(text, 8);
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!;
  return sum;
}

function malformed(what: string): ProductError {
  return new ProductError('PHPACK_E_PAYLOAD_DAMAGED', `the app's archive: ${what}`);
}
