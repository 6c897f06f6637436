import { afterEach, describe, expect, test } from 'vitest';
import { CONNECTION_BYTES } from '../../../runtime/http/budget.ts';
import { StreamedBody } from '../../../runtime/http/streamed-body.ts';
import type { FakeExchange } from './fake-pool.ts';
import { get, RawClient, request } from './raw.ts';
import { type Site, type SiteSettings, startSite } from './site.ts';
import { Writer } from './writer.ts';

const KIB = 1024;

let site: Site;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await site.close();
});

/** `extra`: bytes beyond what the connections have. */
async function start(extra: number, more: SiteSettings = {}): Promise<FakeExchange[]> {
  const open: FakeExchange[] = [];
  site = await startSite({
    php: (exchange) => {
      if (exchange.head.target === '/held') open.push(exchange);
      else exchange.answer(200, [], exchange.head.target);
    },
    ...more,
    budget: {
      memoryBytes: 16 * CONNECTION_BYTES + extra,
      maxConnections: 16,
      ...more.budget,
    },
  });
  return open;
}

function connect(bytes: string): RawClient {
  const client = new RawClient(site.port);
  clients.push(client);
  return client.send(bytes);
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const piece = (): Buffer => Buffer.alloc(64_000, 'content ');
const plain = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const held = 'GET /held HTTP/1.1\r\nHost: a\r\n\r\n';
const padded = (target: string, bytes: number): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`;
const head = (target: string, length: number): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

describe('when the memory for clients is used up', () => {
  test('a large head is 503, a plain request is served, and all comes back', async () => {
    const open = await start(50 * KIB);
    connect(padded('/held', 12 * KIB));
    connect(padded('/held', 12 * KIB));
    await waitUntil(() => open.length === 2);
    const refused = await connect(padded('/', 12 * KIB)).answer();
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    expect(refused.headers.connection).toBe('close');
    expect((await get(site.port, '/')).status).toBe(200);
    for (const exchange of open) exchange.answer(200, []);
    await waitUntil(() => site.front.stats().heldBytes === 0);
    expect((await connect(padded('/', 12 * KIB)).answer()).status).toBe(200);
  });

  test('half a head counts as well', async () => {
    await start(50 * KIB);
    const halves = [1, 2].map(() => connect(padded('/', 12 * KIB).slice(0, -4)));
    await waitUntil(() => site.front.stats().heldBytes > 48 * KIB);
    expect((await connect(padded('/', 12 * KIB).slice(0, -4)).answer()).status).toBe(503);
    for (const half of halves)
      expect((await half.send('\r\n\r\n').answer()).status).toBe(200);
  });

  test('and so do trailers', async () => {
    await start(50 * KIB);
    connect(padded('/held', 12 * KIB));
    connect(padded('/held', 8 * KIB));
    const trailers = `0\r\n${`X: ${'x'.repeat(500)}\r\n`.repeat(20)}`;
    const chunked =
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n';
    const client = connect(chunked);
    await waitUntil(() => site.front.stats().requests === 3);
    expect((await client.send(trailers).answer()).status).toBe(503);
  });

  test('requests sent ahead are read no more: the connection ends after its answer', async () => {
    const open = await start(50 * KIB);
    connect(padded('/held', 14 * KIB));
    await waitUntil(() => open.length === 1);
    const client = connect(held);
    await waitUntil(() => open.length === 2);
    client.send(plain.repeat(10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = site.front.stats().heldBytes;
    expect(before).toBeLessThan(32 * KIB);
    open[1]!.answer(200, [], 'held');
    const answer = await client.answer();
    expect([answer.body, answer.headers.connection]).toEqual(['held', 'close']);
    await client.until(() => client.isEnded);
    expect(client.text).toBe('');
  });

  test('bodies go to files, however short', async () => {
    const open = await start(50 * KIB);
    connect(padded('/held', 14 * KIB));
    await waitUntil(() => open.length === 1);
    const text = 'x'.repeat(20 * KIB);
    const client = connect(head('/', text.length) + text.slice(1));
    await waitUntil(() => site.spoolFiles() === 1);
    expect(site.front.stats().spooledBytes).toBe(text.length - 1);
    expect((await client.send('x').answer()).status).toBe(200);
    expect(site.pool.exchanges.at(-1)!.content.toString()).toBe(text);
    expect(site.front.stats().spooledBytes).toBe(0);
  });

  test('slow readers hold a piece each, the smaller the more there are', async () => {
    const content = Buffer.alloc(125 * piece().length, piece());
    const held: number[] = [];
    await start(300 * KIB, {
      files: { 'public/index.php': '<?php', 'public/big.bin': content },
      php: (exchange) => new Writer(exchange, 125, piece).start(),
    });
    const readers = Array.from({ length: 14 }, (_, i) => {
      const client = connect('');
      client.socket.pause();
      client.send(i % 2 ? plain : plain.replace('/', '/big.bin'));
      return client;
    });
    await waitUntil(() => {
      held.push(site.front.stats().heldBytes);
      return site.front.stats().requests === 14 && site.spoolFiles() === 7;
    });
    // Until the disk has what was on its way to it.
    await waitUntil(() => site.front.stats().heldBytes < 450 * KIB);
    expect(Math.max(...held)).toBeLessThan(1200 * KIB);
    for (const reader of readers) {
      reader.socket.resume();
      await reader.until(() => reader.isClosed || reader.text.length > content.length);
      expect((await reader.answer()).body === content.toString()).toBe(true);
    }
    expect(site.front.stats()).toMatchObject({ heldBytes: 0, spooledBytes: 0 });
  });
});

test('of a body in tiny chunks no more is read than has been looked at', async () => {
  await start(10_000 * KIB);
  const chunks = '1\r\nx\r\n'.repeat(100_000);
  const client = connect(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
  );
  const heldNow = (): number => site.front.stats().heldBytes;
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, heldNow())));
  // 600 KB for a body of 100 KB, which may take twice its size.
  await waitUntil(() => heldNow() > 100 * KIB);
  client.send('0\r\n\r\n');
  expect((await client.answer()).status).toBe(200);
  clearInterval(watch);
  expect(most).toBeLessThan(350 * KIB);
  expect(site.pool.exchanges[0]!.content.length).toBe(100_000);
});

test('of a body in tiny chunks no more is taken apart than is read of it', async () => {
  const open = await start(10_000 * KIB, {
    config: { http: { streamBodies: ['**'] } },
  });
  const size = 80_000;
  const client = connect(
    'POST /held HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n' +
      `${'1\r\nx\r\n'.repeat(size)}0\r\n\r\n`,
  );
  await waitUntil(() => open.length === 1);
  // Long enough for all of it to be taken apart: 80,000 buffers.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(site.front.stats().heldBytes).toBeGreaterThan(StreamedBody.heldBytes);
  const { body } = open[0]!;
  if (body.kind !== 'stream') throw new Error(`a body of kind ${body.kind}`);
  let length = 0;
  for await (const bytes of body.stream) length += (bytes as Buffer).length;
  expect(length).toBe(size);
  open[0]!.answer(200, [], 'read');
  expect((await client.answer()).body).toBe('read');
});

describe('when the disk space for clients is used up', () => {
  const limited: SiteSettings = { budget: { spoolBytes: 600_000 } };

  test('a body that needs more is 507, and what was there is kept', async () => {
    await start(10_000 * KIB, limited);
    const first = connect(head('/', 400_000) + 'x'.repeat(399_999));
    await waitUntil(() => site.front.stats().spooledBytes === 399_999);
    const answer = await request(site.port, 'POST', '/', {}, 'x'.repeat(400_000));
    expect([answer.status, answer.headers.connection]).toEqual([507, 'close']);
    expect(site.log.at(-1)!.message).toMatch(/http\.spoolBytes \(600000\) are in use/);
    expect((await request(site.port, 'POST', '/', {}, 'short')).status).toBe(200);
    expect((await first.send('x').answer()).status).toBe(200);
    const again = await request(site.port, 'POST', '/', {}, 'x'.repeat(400_000));
    expect(again.status).toBe(200);
  });

  test('a body that can never fit is 507 before it is sent', async () => {
    await start(10_000 * KIB, limited);
    const answer = await connect(head('/', 600_001)).answer();
    expect([answer.status, answer.headers.connection]).toEqual([507, 'close']);
    expect(site.log.at(-1)!.message).toMatch(/http\.spoolBytes \(600000\) are too few/);
  });

  test('a body that PHP reads as it arrives needs no disk', async () => {
    await start(10_000 * KIB, { ...limited, config: { http: { streamBodies: ['**'] } } });
    const answer = await request(site.port, 'POST', '/', {}, 'x'.repeat(700_000));
    expect(answer.status).toBe(200);
  });

  test('PHP waits for a client that does not read, and nothing is lost', async () => {
    const length = 312 * piece().length;
    let writer!: Writer;
    await start(10_000 * KIB, {
      ...limited,
      php: (exchange) => {
        writer = new Writer(exchange, 312, piece);
        writer.start();
      },
    });
    const client = connect('');
    client.socket.pause();
    client.send(plain);
    await waitUntil(() => site.log.length > 0);
    expect(site.log[0]!.message).toMatch(/A response cannot be spooled: .*spoolBytes/);
    expect(writer.isDone).toBe(false);
    expect(site.front.stats().spooledBytes).toBeLessThanOrEqual(600_000);
    client.socket.resume();
    await client.until(() => client.isClosed || client.text.length > length);
    expect((await client.answer()).body === piece().toString().repeat(312)).toBe(true);
  });
});
