import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { LOG_HEADER, LOG_MORE, logRecord } from '../../../../runtime/php/layout.ts';
import { LogAssembler, type LogRecord, readLines } from '../../../../runtime/php/log.ts';

interface Part {
  text: string | Buffer;
  pid?: number;
  level?: number;
  more?: boolean;
  slot?: number;
  serial?: number;
}

function record({ text, pid = 7, level = 3, more, slot = 0, serial = 0 }: Part): Buffer {
  const body = Buffer.from(text as string);
  const header = Buffer.alloc(LOG_HEADER);
  header.writeUInt16LE(LOG_HEADER + body.length, logRecord.bytes);
  header.writeUInt8(level, logRecord.level);
  header.writeUInt8(more ? LOG_MORE : 0, logRecord.flags);
  header.writeUInt32LE(pid, logRecord.pid);
  header.writeUInt32LE(slot, logRecord.slot);
  header.writeUInt32LE(serial, logRecord.request_serial);
  return Buffer.concat([header, body]);
}

function assemble(...chunks: Buffer[]): LogRecord[] {
  const found: LogRecord[] = [];
  const assembler = new LogAssembler((entry) => found.push(entry));
  for (const chunk of chunks) assembler.write(chunk);
  return found;
}

test('a record arrives with its level, process and request', () => {
  const entries = assemble(record({ text: 'hello', level: 4, slot: 3, serial: 99 }));
  const pid = 7;
  const wanted = { level: 'warning', text: 'hello', pid, slot: 3, requestSerial: 99 };
  expect(entries).toEqual([wanted]);
});

test.each([
  [0, 'error'],
  [3, 'error'],
  [4, 'warning'],
  [5, 'notice'],
  [6, 'info'],
  [7, 'debug'],
])('syslog level %i is %s', (level, name) => {
  expect(assemble(record({ text: 'x', level }))[0]!.level).toBe(name);
});

test('records that arrive byte by byte are put together', () => {
  const all = Buffer.concat([record({ text: 'one' }), record({ text: 'two' })]);
  const bytes = Array.from(all, (byte) => Buffer.from([byte]));
  expect(assemble(...bytes).map((entry) => entry.text)).toEqual(['one', 'two']);
});

test('parts of several processes are kept apart', () => {
  const entries = assemble(
    record({ text: 'a1 ', pid: 1, more: true }),
    record({ text: 'b1 ', pid: 2, more: true }),
    record({ text: 'c', pid: 3 }),
    record({ text: 'a2', pid: 1 }),
    record({ text: 'b2', pid: 2 }),
  );
  expect(entries.map((entry) => entry.text)).toEqual(['c', 'a1 a2', 'b1 b2']);
});

test('a character cut between two parts stays whole', () => {
  const euro = Buffer.from('€');
  const entries = assemble(
    record({ text: euro.subarray(0, 1), more: true }),
    record({ text: euro.subarray(1) }),
  );
  expect(entries[0]!.text).toBe('€');
});

test('bytes that are no UTF-8 become replacement characters', () => {
  expect(assemble(record({ text: Buffer.from([0x61, 0xff]) }))[0]!.text).toBe('a\ufffd');
});

test('a text without end does not fill memory', () => {
  const part = record({ text: 'x'.repeat(4000), more: true });
  const entries = assemble(...Array.from({ length: 200 }, () => part));
  expect(entries.length).toBeGreaterThan(1);
});

test('processes that died between two parts do not fill memory', () => {
  const found: LogRecord[] = [];
  const assembler = new LogAssembler((entry) => found.push(entry));
  for (let pid = 1; pid <= 1000; pid++) {
    assembler.write(record({ text: 'lost ', pid, more: true }));
  }
  assembler.write(record({ text: 'end', pid: 1 }));
  assembler.write(record({ text: 'end', pid: 1000 }));
  expect(found.map((entry) => entry.text)).toEqual(['end', 'lost end']);
});

test('bytes that are no record are dropped, later records are read again', () => {
  const found: LogRecord[] = [];
  const assembler = new LogAssembler((entry) => found.push(entry));
  assembler.write(Buffer.alloc(64));
  assembler.write(Buffer.alloc(64, 'not a record'));
  assembler.write(record({ text: 'fine' }));
  expect(found.map((entry) => entry.text)).toEqual(['fine']);
});

test('output of the process comes line by line, the last one without its end too', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  stream.write('one\ntw');
  stream.write('o\n\nthr');
  stream.end('ee');
  await new Promise((resolve) => stream.once('close', resolve));
  expect(lines).toEqual(['one', 'two', 'three']);
});

test('a line without end is cut', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  for (let i = 0; i < 20; i++) stream.write('x'.repeat(4096));
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines.length).toBeGreaterThan(1);
});
