import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { FakeExchange } from './fake-pool.ts';
import { RawClient, request } from './raw.ts';
import { type Site, type SiteSettings, startSite } from './site.ts';
import { Writer } from './writer.ts';

let site: Site;
let mounted = '';
afterEach(async () => {
  if (mounted !== '') spawnSync('umount', ['-l', mounted]);
  mounted = '';
  await site.close();
});

const plain = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const piece = (i: number): Buffer => Buffer.alloc(65_536, `piece ${i} `);

function expected(count: number): string {
  return Buffer.concat(Array.from({ length: count }, (_, i) => piece(i))).toString(
    'latin1',
  );
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function start(count: number, more: SiteSettings = {}): Promise<() => Writer> {
  let writer: Writer;
  site = await startSite({
    php: (exchange) => {
      writer = new Writer(exchange, count, piece);
      writer.start();
    },
    ...more,
  });
  return () => writer;
}

describe('a response to a client that does not read', () => {
  test('is taken from PHP completely, without a name on disk, and arrives whole', async () => {
    const writer = await start(400);
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.pool.exchanges.length === 1 && writer()?.isDone);
    expect(site.spoolFiles()).toBe(1);
    expect(readdirSync(site.spoolDir)).toEqual([]);
    client.socket.resume();
    await client.until(() => client.text.length > 400 * 65_536 || client.isClosed);
    const answer = await client.answer();
    expect(answer.body === expected(400)).toBe(true);
    await waitUntil(() => site.spoolFiles() === 0);
    // The connection is in order.
    expect(
      (await client.send('GET /% HTTP/1.1\r\nHost: a\r\n\r\n').answer()).status,
    ).toBe(400);
    client.close();
  });

  test('is forgotten when the client leaves', async () => {
    const writer = await start(400);
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.pool.exchanges.length === 1 && writer()?.isDone);
    client.socket.resetAndDestroy();
    await waitUntil(() => site.spoolFiles() === 0);
  });

  test('goes on directly once the client has caught up', async () => {
    let exchange!: FakeExchange;
    site = await startSite({
      php: (e) => {
        exchange = e;
        e.sink.onHead(200, []);
        for (let i = 0; i < 200; i++) e.sink.onData(piece(i));
      },
    });
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.spoolFiles() === 1);
    client.socket.resume();
    await client.until(() => client.text.length > 200 * 65_536);
    for (let i = 0; i < 50; i++) {
      exchange.sink.onData(Buffer.from(`<flushed ${i}>`));
      await client.until(() => client.text.includes(`<flushed ${i}>`));
    }
    // Stalls once more.
    client.socket.pause();
    for (let i = 0; i < 200; i++) exchange.sink.onData(piece(i));
    exchange.sink.onEnd();
    client.socket.resume();
    await client.until(() => client.text.length > 400 * 65_536 || client.isClosed);
    const flushed = Array.from({ length: 50 }, (_, i) => `<flushed ${i}>`).join('');
    const { body } = await client.answer();
    expect(body === expected(200) + flushed + expected(200)).toBe(true);
    client.close();
  });

  test('that PHP breaks off arrives as far as it came, and shows it', async () => {
    site = await startSite({
      php: ({ sink }) => {
        sink.onHead(200, []);
        for (let i = 0; i < 200; i++) sink.onData(piece(i));
        setTimeout(
          () => sink.onFailure({ reason: 'crashed', signal: 9, script: 'x' }),
          20,
        );
      },
    });
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.log.length === 1);
    client.socket.resume();
    await client.until(() => client.isClosed || client.isEnded);
    const answer = await client.answer();
    expect(answer.isComplete).toBe(false);
    expect(answer.body === expected(200)).toBe(true);
  });
});

describe('when the spool directory cannot be used', () => {
  test('a long body is 500, a short one is fine, and the log says why', async () => {
    await start(1);
    rmSync(site.spoolDir, { recursive: true });
    const long = await request(site.port, 'POST', '/', {}, 'x'.repeat(1_000_000));
    expect([long.status, long.headers.connection]).toEqual([500, 'close']);
    expect(site.log.at(-1)?.message).toMatch(/cannot be spooled: ENOENT/);
    expect((await request(site.port, 'POST', '/', {}, 'x')).status).toBe(200);
  });

  test('PHP waits for a client that does not read, and nothing is lost', async () => {
    const writer = await start(400);
    rmSync(site.spoolDir, { recursive: true });
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.log.length === 1);
    expect(writer().isDone).toBe(false);
    client.socket.resume();
    await client.until(() => client.text.length > 400 * 65_536 || client.isClosed);
    expect((await client.answer()).body === expected(400)).toBe(true);
    client.close();
  });
});

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

async function startFull(count: number): Promise<() => Writer> {
  const writer = await start(count);
  execFileSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    'size=2m,mode=700',
    'tmpfs',
    site.spoolDir,
  ]);
  mounted = site.spoolDir;
  return writer;
}

describe.runIf(canMount)('when the disk is full', () => {
  test('a body that does not fit is 507, and the space is free again', async () => {
    await startFull(1);
    for (let i = 0; i < 3; i++) {
      const answer = await request(site.port, 'POST', '/', {}, 'x'.repeat(5_000_000));
      expect([answer.status, answer.headers.connection]).toEqual([507, 'close']);
      expect(site.log.at(-1)).toMatchObject({
        level: 'error',
        message: expect.stringMatching(/ENOSPC/) as string,
      });
    }
    const fitting = await request(site.port, 'POST', '/', {}, 'x'.repeat(1_000_000));
    expect(fitting.status).toBe(200);
  });

  test('a response that does not fit makes PHP wait, and nothing is lost', async () => {
    const writer = await startFull(400);
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.log.length === 1);
    expect(site.log[0]!.message).toMatch(/cannot be spooled: ENOSPC/);
    expect(writer().isDone).toBe(false);
    client.socket.resume();
    await client.until(() => client.text.length > 400 * 65_536 || client.isClosed);
    expect((await client.answer()).body === expected(400)).toBe(true);
    expect(writer().isDone).toBe(true);
    client.close();
  });
});
