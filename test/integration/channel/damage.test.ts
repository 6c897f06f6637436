import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { wordOf } from '../../../runtime/php/channel.ts';
import * as layout from '../../../runtime/php/layout.ts';
import type { PhpRequestBody } from '../../../runtime/php/types.ts';
import { countSlots, type FakeOptions, type FakePool, openFakePool } from './fake.ts';
import { hashAnswer, madeUpBytes, send, until } from './request.ts';

let fake: FakePool | null = null;

function open(options: FakeOptions = {}): FakePool {
  fake = openFakePool(options);
  return fake;
}

afterEach(async () => {
  await fake?.pool.close();
  fake = null;
});

/** Index of a word of the slot whose request has this serial. */
function wordOfRequest(serial: number, name: keyof typeof layout.slot): number {
  const words = fake!.words();
  for (let slot = 0; slot < words[layout.channel.slot_count >> 2]!; slot++) {
    const base = wordOf(slot);
    const found = words[base + (layout.slot.request_serial >> 2)];
    if (found === serial) return base + (layout.slot[name] >> 2);
  }
  throw new Error(`no slot has request ${serial}`);
}

async function expectGood(): Promise<void> {
  const { pool, words } = fake!;
  const good = await send(pool, 'bytes=1000').settled();
  expect(good.failure).toBeNull();
  expect(good.body.equals(madeUpBytes(1000))).toBe(true);
  await pool.drain();
  expect(countSlots(words(), layout.FREE)).toBe(words()[layout.channel.slot_count >> 2]);
}

test.each(['body_read', 'response_written', 'response_head_bytes'] as const)(
  'a wrong %s ends its own request and no other',
  async (name) => {
    const { pool, words } = open({ workers: 3 });
    const others = [send(pool, 'bytes=700000&sleep=400'), send(pool, 'sleep=400')];
    const stream = new PassThrough();
    const damaged = send(pool, 'hash=1&sleep=300', { kind: 'stream', stream });
    stream.write(madeUpBytes(40_000));
    await until(() => pool.stats().busy === 3, 'all to run');
    Atomics.store(words(), wordOfRequest(3, name), 0x40_0000);
    Atomics.store(words(), wordOfRequest(3, 'head_ready'), 1);
    stream.write(madeUpBytes(40_000));
    expect((await damaged.settled()).failure).toMatchObject({ reason: 'damaged' });
    for (const other of others) expect((await other.settled()).failure).toBeNull();
    stream.end();
    await expectGood();
  },
);

test('a request that is overdue by a wrong word only sets its worker free', async () => {
  const { pool, words } = open({ workers: 1 });
  const damaged = send(pool, 'endless=1');
  await until(() => damaged.bytes > 1_000_000, 'the first bytes');
  Atomics.store(words(), wordOfRequest(1, 'overdue'), 1);
  expect((await damaged.settled()).failure).toMatchObject({ reason: 'timeout' });
  await expectGood();
});

test('news of slots that do not exist keep nobody from working or from sleep', async () => {
  const { pool, words } = open();
  await pool.ready;
  Atomics.store(words(), (layout.channel.news >> 2) + 15, -1);
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(500_000);
  await expectGood();
});

test('an empty packet does not keep bodies from being handed over', async () => {
  const { pool } = open({ workers: 1 });
  const dir = mkdtempSync(join(tmpdir(), 'phpack-damage-'));
  const bytes = madeUpBytes(300_000);
  writeFileSync(join(dir, 'body'), bytes);
  const fd = openSync(join(dir, 'body'), 'r');
  const body: PhpRequestBody = { kind: 'file', fd, length: bytes.length };
  await send(pool, 'empty=1').settled();
  const answer = await send(pool, 'hash=1', body).settled();
  expect(answer.body.toString()).toBe(hashAnswer(bytes, 0));
  closeSync(fd);
  rmSync(dir, { recursive: true });
});

const secret = 'of one visitor only';

async function memoryOf(work: (fake: FakePool) => Promise<void>): Promise<Buffer> {
  const opened = open({ workers: 1 });
  await opened.pool.ready;
  const memory = Buffer.from(opened.words().buffer);
  await work(opened);
  await opened.pool.drain();
  return memory;
}

function sendSecret(query: string, size = 100) {
  const bytes = Buffer.alloc(size, secret);
  const rawHeaders = ['Cookie', secret];
  return send(fake!.pool, query, { kind: 'bytes', bytes }, { rawHeaders });
}

test.each<[string, (fake: FakePool) => Promise<unknown>]>([
  ['an answered request', () => sendSecret('echo=1').settled()],
  ['one larger than the rings', () => sendSecret('echo=1', 400_000).settled()],
  ['its head, sent back', () => sendSecret('dump=1').settled()],
  ['one whose worker died', () => sendSecret('echo=1&at=50&kill=9').settled()],
  [
    'one whose client left',
    async () => {
      const sent = sendSecret('echo=1&sleep=100');
      await until(() => fake!.pool.stats().busy === 1, 'it to run');
      sent.abort();
    },
  ],
  [
    'one that never ran',
    async ({ pool }) => {
      const running = send(pool, 'sleep=100');
      sendSecret('echo=1').abort();
      await running.settled();
    },
  ],
])('nothing is left in the memory of %s', async (_, work) => {
  const memory = await memoryOf(async (opened) => {
    await work(opened);
  });
  expect(memory.includes(secret)).toBe(false);
});

test('while a request runs the server holds no descriptor of the memory', async () => {
  const { pool } = open();
  await pool.ready;
  const sent = send(pool, 'sleep=50');
  const files = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the directory's own
    }
  });
  expect(files.filter((file) => file.includes('phpack-channel'))).toEqual([]);
  expect((await sent.settled()).failure).toBeNull();
});
