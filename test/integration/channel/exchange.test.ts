import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { channel, FREE } from '../../../runtime/php/layout.ts';
import { countSlots, type FakeOptions, type FakePool, openFakePool } from './fake.ts';
import { Collector, hashAnswer, madeUpBytes, makeHead, send, until } from './request.ts';

const open: FakePool[] = [];

function openPool(options: FakeOptions = {}): FakePool {
  const fake = openFakePool(options);
  open.push(fake);
  return fake;
}

afterEach(async () => {
  for (const { pool } of open.splice(0)) await pool.close();
});

function expectAllFree(fake: FakePool): void {
  const words = fake.words();
  expect(countSlots(words, FREE)).toBe(words[channel.slot_count >> 2]);
}

test('a request gets the response its worker wrote', async () => {
  const fake = openPool();
  const response = await send(fake.pool, 'bytes=5').settled();
  expect(response).toMatchObject({ isEnded: true, status: 200, errors: [] });
  expect(response.headers).toEqual(['Content-Type', 'text/plain', 'X-Fake', 'yes']);
  expect(response.body).toEqual(madeUpBytes(5));
  await fake.pool.drain();
  expect(fake.pool.stats()).toMatchObject({ served: 1, busy: 0, queued: 0, crashes: 0 });
  expectAllFree(fake);
});

test('the worker sees the request head exactly as it came', async () => {
  const { pool } = openPool();
  const head = makeHead('dump=1', {
    rawHeaders: ['Host', 'a.example', 'X-Latin', 'caf\xe9', 'X-Empty', ''],
    variables: ['PHPACK', '1'],
  });
  const sink = new Collector();
  sink.exchange = pool.submit(head, { kind: 'none' }, sink);
  await sink.settled();
  const fields = sink.body.toString('latin1').split('\0');
  expect(fields.slice(0, 6).join(' ')).toBe(
    'GET /index.php?dump=1 HTTP/1.1 http 127.0.0.1 40000',
  );
  expect(fields.slice(6, 12).join(' ')).toBe(
    '127.0.0.1 8080 localhost /srv/app /srv/app/index.php /index.php',
  );
  expect(fields.slice(12, 16)).toEqual(['', 'dump=1', '', '']);
  expect(fields.slice(16)).toEqual([...head.rawHeaders, ...head.variables, '']);
});

test.each([0, 1, 65_535, 65_536, 65_537, 3_000_001])(
  'a body of %i bytes arrives whole, and its echo comes back whole',
  async (length) => {
    const { pool } = openPool();
    const bytes = madeUpBytes(length);
    const hash = await send(pool, 'hash=1', { kind: 'bytes', bytes }).settled();
    expect(hash.body.toString()).toBe(hashAnswer(bytes, length === 0 ? 0 : 1));
    const echo = await send(pool, 'echo=1', { kind: 'bytes', bytes }).settled();
    expect(echo.body.equals(bytes)).toBe(true);
  },
);

function openDescriptorsOf(path: string): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.startsWith(path)).length;
}

test('a body in an unlinked file is handed over; the caller may close it at once', async () => {
  const fake = openPool();
  const bytes = madeUpBytes(1_000_000);
  const dir = mkdtempSync(join(tmpdir(), 'phpack-body-'));
  const path = join(dir, 'body');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  unlinkSync(path);
  const body = { kind: 'file', fd, length: bytes.length } as const;
  const response = send(fake.pool, 'hash=1', body);
  const aborted = send(fake.pool, 'hash=1&sleep=50', body);
  closeSync(fd);
  aborted.abort();
  await response.settled();
  expect(response.body.toString()).toBe(hashAnswer(bytes, 0));
  await fake.pool.drain();
  expectAllFree(fake);
  expect(openDescriptorsOf(path)).toBe(0);
  rmSync(dir, { recursive: true });
});

test('a streamed body reaches the worker while it is still being sent', async () => {
  const { pool } = openPool();
  const stream = new PassThrough();
  const response = send(pool, 'echo=1&flush=1', { kind: 'stream', stream });
  for (const part of ['one ', 'two ', 'three']) {
    // Before: a quick worker's echo may come within write().
    const before = response.bytes;
    stream.write(part);
    await until(() => response.bytes === before + part.length, `echo of ${part}`);
  }
  stream.end();
  await response.settled();
  expect(response.body.toString()).toBe('one two three');
});

test('a streamed body waits for a slow worker instead of filling memory', async () => {
  const { pool } = openPool();
  const stream = new PassThrough();
  const response = send(pool, 'hash=1&sleep=1000', { kind: 'stream', stream });
  const bytes = madeUpBytes(2_000_000);
  let sent = 0;
  while (stream.write(bytes.subarray(sent, sent + 10_000))) {
    sent += 10_000;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(200_000);
  stream.end(bytes.subarray(sent + 10_000));
  await response.settled();
  expect(response.body.toString()).toBe(hashAnswer(bytes));
});

test('a worker learns that the client broke off in the midst of its body', async () => {
  const { pool } = openPool();
  const stream = new PassThrough();
  const response = send(pool, 'hash=1', { kind: 'stream', stream });
  stream.write('half');
  stream.destroy(new Error('reset'));
  await response.settled();
  expect(response.body.toString()).toBe(hashAnswer(Buffer.from('half'), 2));
});

test('a paused reader gets everything after it resumes, and other requests go on', async () => {
  const { pool } = openPool();
  class Slow extends Collector {
    pauses = 0;
    override wantsMore(): boolean {
      this.pauses++;
      return false;
    }
  }
  const slow = new Slow();
  send(pool, 'bytes=3000000', { kind: 'none' }, {}, slow);
  await until(() => slow.pauses === 1, 'the first piece');
  for (let i = 0; i < 20; i++) await send(pool, 'bytes=10').settled();
  expect(slow.pauses).toBe(1);
  while (!slow.isEnded) {
    slow.exchange!.resume();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(slow.body.equals(madeUpBytes(3_000_000))).toBe(true);
  expect(slow.errors).toEqual([]);
});

test('more requests than slots go on without waiting for a clock', async () => {
  const clock = vi.spyOn(globalThis, 'setInterval').mockReturnValue(setTimeout(() => {}));
  const { pool } = openPool();
  const all = Array.from({ length: 500 }, () => send(pool, 'bytes=10'));
  for (const sink of all) expect((await sink.settled()).isEnded).toBe(true);
  expect(clock).toHaveBeenCalled();
  clock.mockRestore();
});

test('the client has its answer while the script runs on', async () => {
  const fake = openPool({ workers: 1 });
  const early = await send(fake.pool, 'bytes=10&early=1000').settled();
  expect(early.isEnded).toBe(true);
  expect(fake.pool.stats().busy).toBe(1);
  await fake.pool.drain();
  expect(fake.pool.stats()).toMatchObject({ busy: 0, served: 1 });
});

test('a head of more than 96 KiB is refused, all others go on', async () => {
  const fake = openPool();
  const rawHeaders = ['X-Big', 'x'.repeat(98_304)];
  const big = send(fake.pool, 'bytes=1', { kind: 'none' }, { rawHeaders });
  expect((await big.settled()).failure).toEqual({ reason: 'head-too-large' });
  const fits = ['X-Big', 'x'.repeat(98_304 - 400)];
  const large = await send(
    fake.pool,
    'bytes=1',
    { kind: 'none' },
    {
      rawHeaders: fits,
    },
  ).settled();
  expect(large.status).toBe(200);
  expectAllFree(fake);
});

test('response headers a client could be attacked with are dropped and logged', async () => {
  const { pool, log } = openPool();
  const block =
    'Status: 200 Fine|X-Good: 1|Set-Cookie: a=1|Set-Cookie: b=2|X-Bad\x01: 1|X: a\x02b|No colon|: none|' +
    'Transfer-Encoding: chunked|Connection: close|X-Line: a\nSet-Cookie: evil=1|x-last:  2 ';
  const rawHeaders = ['X-Head', block.replaceAll('|', '\r\n')];
  const response = await send(pool, 'raw=1', { kind: 'none' }, { rawHeaders }).settled();
  expect(response.headers.join(' ')).toBe(
    'X-Good 1 Set-Cookie a=1 Set-Cookie b=2 x-last 2',
  );
  expect(response.reason).toBe('Fine');
  expect(log.map((entry) => entry.text)).toHaveLength(5);
  expect(log[0]).toMatchObject({ level: 'warning', request: { method: 'GET' } });
});
