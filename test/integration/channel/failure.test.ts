import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { channel, FREE } from '../../../runtime/php/layout.ts';
import { PhpStartError } from '../../../runtime/php/failure.ts';
import { countSlots, type FakeOptions, type FakePool, openFakePool } from './fake.ts';
import { madeUpBytes, send, until } from './request.ts';

const open: FakePool[] = [];

function openPool(options: FakeOptions = {}): FakePool {
  const fake = openFakePool(options);
  open.push(fake);
  return fake;
}

afterEach(async () => {
  for (const { pool } of open.splice(0)) await pool.close();
});

const script = '/srv/app/index.php';

async function expectAllFree(fake: FakePool): Promise<void> {
  await fake.pool.drain();
  const words = fake.words();
  expect(countSlots(words, FREE)).toBe(words[channel.slot_count >> 2]);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has reaped yet is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a crash before the first byte fails that request only, with its signal', async () => {
  const fake = openPool();
  const others = Array.from({ length: 20 }, () => send(fake.pool, 'bytes=100&sleep=5'));
  const crash = send(fake.pool, 'kill=11');
  await crash.settled();
  expect(crash).toMatchObject({ status: 0, errors: [] });
  expect(crash.failure).toEqual({ reason: 'crashed', signal: 11, script });
  for (const other of others) expect((await other.settled()).failure).toBeNull();
  expect(fake.pool.stats()).toMatchObject({ served: 20, crashes: 1 });
  await expectAllFree(fake);
});

test('a crash whose first bytes nobody has read yet can still be answered with 502', async () => {
  const fake = openPool();
  const crash = await send(fake.pool, 'bytes=20&at=10&kill=11&quiet=1').settled();
  expect(crash).toMatchObject({ status: 0, bytes: 0, errors: [] });
  expect(crash.failure).toEqual({ reason: 'crashed', signal: 11, script });
});

test('a crash after the first bytes delivers them and then fails', async () => {
  const fake = openPool();
  const crash = await send(fake.pool, 'bytes=900000&at=500000&kill=9&flush=1').settled();
  expect(crash.status).toBe(200);
  expect(crash.failure).toEqual({ reason: 'crashed', signal: 9, script });
  expect(crash.body.length).toBeGreaterThanOrEqual(500_000);
  const sent = crash.body.length;
  expect(crash.body.equals(madeUpBytes(900_000).subarray(0, sent))).toBe(true);
  await expectAllFree(fake);
});

test('a worker that exits in the midst of a request is told apart from a crash', async () => {
  const { pool } = openPool();
  const exited = await send(pool, 'exit=3').settled();
  expect(exited.failure).toEqual({ reason: 'exited', status: 3, script });
});

test('a crash after the response is complete is logged, as nobody can be told', async () => {
  const fake = openPool({ workers: 1 });
  const { pool, log } = fake;
  const early = await send(pool, 'bytes=10&early=100000').settled();
  process.kill(fake.workerPids()[0]!, 'SIGSEGV');
  await until(() => log.length === 1, 'the log entry');
  expect(early.errors).toEqual([]);
  expect(log[0]).toMatchObject({ level: 'error', request: { scriptFilename: script } });
  expect(log[0]!.text).toContain('SIGSEGV');
});

test('a request over its time limit ends its worker with a timeout', async () => {
  const fake = openPool({ requestTimeoutMs: 1000 });
  const slow = await send(fake.pool, 'sleep=60000').settled();
  expect(slow.failure).toMatchObject({ reason: 'timeout', afterMs: 1000, script });
  expect((await send(fake.pool, 'bytes=1').settled()).isEnded).toBe(true);
  expect(fake.pool.stats()).toMatchObject({ timeouts: 1, crashes: 0 });
  await expectAllFree(fake);
});

test('more waiting requests than the limit are refused, after submit has returned', async () => {
  const { pool } = openPool({ workers: 1, queueLimit: 3 });
  const all = Array.from({ length: 6 }, () => send(pool, 'sleep=50'));
  expect(all.every((sink) => !sink.isSettled)).toBe(true);
  for (const sink of all) await sink.settled();
  expect(all.map((sink) => sink.failure?.reason ?? 'ok')).toEqual([
    ...Array.from({ length: 4 }, () => 'ok'),
    ...Array.from({ length: 2 }, () => 'queue-full'),
  ]);
  expect(all.flatMap((sink) => sink.errors)).toEqual([]);
});

test('a request that waits too long never runs', async () => {
  const fake = openPool({ workers: 1, queueTimeoutMs: 60 });
  const running = send(fake.pool, 'sleep=1500');
  const waiting = send(fake.pool, 'log=5');
  expect((await waiting.settled()).failure).toEqual({ reason: 'queue-timeout' });
  expect((await running.settled()).isEnded).toBe(true);
  await send(fake.pool, 'bytes=1').settled();
  expect(fake.log).toEqual([]);
  await expectAllFree(fake);
});

test('a waiting request whose client left never runs', async () => {
  const fake = openPool({ workers: 1 });
  const running = send(fake.pool, 'sleep=100');
  const waiting = send(fake.pool, 'log=5');
  waiting.abort();
  await running.settled();
  await send(fake.pool, 'bytes=1').settled();
  expect(fake.log).toEqual([]);
  expect(waiting.errors).toEqual([]);
  await expectAllFree(fake);
});

test('a worker that writes to a client that left is set free', async () => {
  const fake = openPool({ workers: 1 });
  const endless = send(fake.pool, 'endless=1');
  await until(() => endless.bytes > 1_000_000, 'the first bytes');
  endless.abort();
  expect((await send(fake.pool, 'bytes=1').settled()).isEnded).toBe(true);
  expect(endless.errors).toEqual([]);
  await expectAllFree(fake);
});

test('a worker that waits for the body of a client that left is set free', async () => {
  const fake = openPool({ workers: 1 });
  const stream = new PassThrough();
  const uploading = send(fake.pool, 'hash=1', { kind: 'stream', stream });
  stream.write('half');
  await until(() => fake.pool.stats().busy === 1, 'the worker to read');
  uploading.abort();
  expect((await send(fake.pool, 'bytes=1').settled()).isEnded).toBe(true);
  expect(stream.listenerCount('data')).toBe(0);
  await expectAllFree(fake);
});

test('workers are replaced after their number of requests, without a failure', async () => {
  const fake = openPool({ workers: 3, maxRequests: 2 });
  const all = Array.from({ length: 60 }, () => send(fake.pool, 'bytes=10'));
  for (const sink of all) expect((await sink.settled()).failure).toBeNull();
  expect(fake.words()[channel.deaths >> 2]).toBeGreaterThan(20);
  expect(fake.pool.stats()).toMatchObject({ served: 60, crashes: 0 });
});

test('when the zygote dies, its requests fail, waiting ones run under the next one', async () => {
  const fake = openPool({ workers: 2 });
  await fake.pool.ready;
  const running = [send(fake.pool, 'sleep=60000'), send(fake.pool, 'sleep=60000')];
  await until(() => fake.pool.stats().busy === 2, 'both workers busy');
  const bytes = madeUpBytes(200_000);
  const waiting = Array.from({ length: 100 }, () =>
    send(fake.pool, 'echo=1', { kind: 'bytes', bytes }),
  );
  const before = fake.workerPids();
  process.kill(fake.pool.zygotePid, 'SIGKILL');
  for (const sink of running) {
    expect((await sink.settled()).failure).toEqual({ reason: 'zygote-died' });
  }
  for (const sink of waiting) {
    await sink.settled();
    expect(sink.failure).toBeNull();
    expect(sink.body.equals(bytes)).toBe(true);
  }
  await until(() => !before.some(isAlive), 'the end of the old workers');
  expect(fake.log.at(-1)!.text).toContain('killed by SIGKILL');
  await expectAllFree(fake);
});

test('what had been written when the zygote died still reaches a paused reader', async () => {
  const fake = openPool({ workers: 1 });
  const slow = send(fake.pool, 'bytes=100000');
  let isPaused = true;
  slow.wantsMore = () => !isPaused;
  await until(() => slow.bytes > 0 && fake.pool.stats().busy === 0, 'the script to end');
  process.kill(fake.pool.zygotePid, 'SIGKILL');
  await until(() => fake.log.length > 0, 'the report');
  isPaused = false;
  slow.exchange!.resume();
  await slow.settled();
  expect(slow).toMatchObject({ isEnded: true, bytes: 100_000, errors: [] });
});

test('PHP that does not come up says why', async () => {
  const { pool } = openPool({ env: { FAKE_FAIL: '1' } });
  const error = await pool.ready.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PhpStartError);
  expect((error as PhpStartError).message).toContain('exit status 7');
  expect((error as PhpStartError).output).toEqual([
    'first line',
    'second line',
    'first l\ufffdne of rest',
  ]);
});

test('PHP that cannot be started now says so, and is tried again', async () => {
  const fake = openPool({ env: { TOO_LONG: 'x'.repeat(200_000) } });
  const waiting = send(fake.pool, 'bytes=1');
  await expect(fake.pool.ready).rejects.toThrow(/E2BIG/);
  await until(() => fake.log.length >= 2, 'the second try');
  expect(fake.log[0]!.text).toContain('E2BIG');
  expect(waiting.isSettled).toBe(false);
  await fake.pool.close();
  expect((await waiting.settled()).failure).toEqual({ reason: 'stopping' });
});

test('more workers than the channel has room for are as many as it has', async () => {
  const { pool } = openPool({ workers: 1000 });
  await pool.ready;
  expect(pool.stats().workers).toBe(64);
  const all = Array.from({ length: 200 }, () => send(pool, 'bytes=10&sleep=2'));
  for (const sink of all) expect((await sink.settled()).isEnded).toBe(true);
});

test('PHP that does not exist says so', async () => {
  const { pool } = openPool({ phpBinary: '/nonexistent/php' });
  await expect(pool.ready).rejects.toThrow(/ENOENT/);
});

test('closing fails what still runs or waits, and leaves no process behind', async () => {
  const fake = openPool({ workers: 2 });
  const all = Array.from({ length: 100 }, () => send(fake.pool, 'sleep=60000'));
  await until(() => fake.pool.stats().busy === 2, 'both workers busy');
  const pids = [fake.pool.zygotePid, ...fake.workerPids()];
  const early = fake.pool.drain();
  expect((await send(fake.pool, 'bytes=1').settled()).failure?.reason).toBe('stopping');
  await fake.pool.close();
  await early;
  for (const sink of all) expect(sink.failure).toEqual({ reason: 'stopping' });
  await until(() => !pids.some(isAlive), 'the end of all processes');
});

test('draining waits for running and waiting requests', async () => {
  const { pool } = openPool({ workers: 1 });
  const all = Array.from({ length: 5 }, () => send(pool, 'bytes=10&sleep=20'));
  await pool.drain();
  expect(all.map((sink) => sink.isEnded)).toEqual([true, true, true, true, true]);
});
