import { Socket } from 'node:net';
import { LOG_HEADER, LOG_MORE, logRecord, MAX_WORKERS } from './layout.ts';
import type { PhpLogEntry } from './types.ts';

export interface LogRecord {
  level: PhpLogEntry['level'];
  text: string;
  pid: number;
  /** Slot index + 1; 0: not in a request. */
  slot: number;
  requestSerial: number;
}

/** A text longer than this becomes several entries, so that no worker fills memory. */
const MAX_TEXT = 256 * 1024;
const MAX_LINE = 16 * 1024;
/** Of a record, header included. */
const MAX_RECORD = 4096;

/** syslog's numbers; 0–3 are errors. */
function levelOf(number: number): PhpLogEntry['level'] {
  if (number <= 3) return 'error';
  if (number === 4) return 'warning';
  if (number === 5) return 'notice';
  return number === 6 ? 'info' : 'debug';
}

/**
 * Puts log records together again: from the pieces the socket delivers to records, and from
 * records to texts (a long text comes in parts, those of several workers mixed).
 */
export class LogAssembler {
  readonly #onRecord: (record: LogRecord) => void;
  #rest: Buffer = Buffer.alloc(0);
  /** Unfinished texts by process, one character per byte: parts end inside characters. */
  readonly #parts = new Map<number, string>();

  constructor(onRecord: (record: LogRecord) => void) {
    this.#onRecord = onRecord;
  }

  write(chunk: Buffer): void {
    let data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (data.length >= LOG_HEADER) {
      const bytes = data.readUInt16LE(logRecord.bytes);
      if (bytes < LOG_HEADER || bytes > MAX_RECORD) {
        // Not ours (a script wrote to the descriptor): nothing after it can be trusted.
        data = Buffer.alloc(0);
        break;
      }
      if (data.length < bytes) break;
      this.#take(data.subarray(0, bytes));
      data = data.subarray(bytes);
    }
    this.#rest = data;
  }

  /** A worker that dies between two parts never sends the last one. */
  #forgetOldest(): void {
    if (this.#parts.size <= 2 * MAX_WORKERS) return;
    for (const pid of this.#parts.keys()) {
      this.#parts.delete(pid);
      return;
    }
  }

  #take(record: Buffer): void {
    const pid = record.readUInt32LE(logRecord.pid);
    const before = this.#parts.get(pid) ?? '';
    const text = before + record.toString('latin1', LOG_HEADER);
    if (record.readUInt8(logRecord.flags) & LOG_MORE && text.length < MAX_TEXT) {
      this.#parts.set(pid, text);
      this.#forgetOldest();
      return;
    }
    this.#parts.delete(pid);
    this.#onRecord({
      level: levelOf(record.readUInt8(logRecord.level)),
      text: Buffer.from(text, 'latin1').toString('utf8'),
      pid,
      slot: record.readUInt32LE(logRecord.slot),
      requestSerial: record.readUInt32LE(logRecord.request_serial),
    });
  }
}

/** Reads the log until all writers are gone. Owns the descriptor. */
export function readLogPipe(fd: number, onRecord: (record: LogRecord) => void): Socket {
  const assembler = new LogAssembler(onRecord);
  const socket = openReader(fd);
  socket.on('data', (chunk: Buffer) => assembler.write(chunk));
  return socket;
}

/** Reads a pipe or socket. Owns the descriptor. */
export function openReader(fd: number): Socket {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on('error', () => socket.destroy());
  // The channel's doorbell keeps the process alive, not the log.
  socket.unref();
  return socket;
}

/** Calls `onLine` for each line of a child's output, without its end. */
export function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(line);
    if (rest.length < MAX_LINE) return;
    onLine(rest);
    rest = '';
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
