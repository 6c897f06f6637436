import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { FakeExchange } from './fake-pool.ts';
import { get, RawClient } from './raw.ts';
import { type Site, startSite } from './site.ts';

let site: Site;
afterEach(() => site.close());

const plain = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('a stop lets open requests finish, says so to their clients, and refuses new ones', async () => {
  const open: FakeExchange[] = [];
  site = await startSite({ php: (exchange) => void open.push(exchange) });
  const client = new RawClient(site.port).send(plain);
  const idle = new RawClient(site.port).send(plain);
  await waitUntil(() => open.length === 2);
  open.pop()!.answer(200, [], 'first');
  const other = open[0] === undefined ? client : idle;
  await waitUntil(() => client.text !== '' || idle.text !== '');
  const [busy, done] = client.text === '' ? [client, idle] : [idle, client];
  expect(other).toBeDefined();
  const drained = site.front.drain(60_000);
  // The one without a request is closed at once.
  await done.until(() => done.isEnded);
  await expect(get(site.port, '/')).rejects.toThrow();
  open[0]!.answer(200, [], 'last');
  const answer = await busy.answer();
  expect([answer.body, answer.headers.connection]).toEqual(['last', 'close']);
  await drained;
  expect(site.front.stats().connections).toBe(0);
});

test('a stop ends connections whose answer had begun before it, once it is complete', async () => {
  let exchange!: FakeExchange;
  site = await startSite({
    config: { http: { keepAliveTimeoutMs: 60_000 } },
    php: (e) => {
      exchange = e;
      e.sink.onHead(200, []);
      e.sink.onData(Buffer.from('one'));
    },
  });
  const client = new RawClient(site.port).send(plain);
  await client.until(() => client.text.includes('one'));
  const drained = site.front.drain(60_000);
  exchange.sink.onData(Buffer.from('two'));
  exchange.sink.onEnd();
  expect((await client.answer()).body).toBe('onetwo');
  await drained;
  expect(site.front.stats().connections).toBe(0);
});

test('a stop does not wait for clients that have sent nothing', async () => {
  site = await startSite();
  const client = new RawClient(site.port);
  await waitUntil(() => site.front.stats().connections === 1);
  await site.front.drain(60_000);
  await client.until(() => client.isClosed || client.isEnded);
  client.close();
});

test('a stop waits no longer than it may', async () => {
  site = await startSite({ php: () => {} });
  const client = new RawClient(site.port).send(plain);
  await waitUntil(() => site.pool.exchanges.length === 1);
  await site.front.drain(200);
  expect(site.front.stats().connections).toBe(1);
  await site.front.close();
  await client.until(() => client.isClosed || client.isEnded);
  expect(site.pool.exchanges[0]!.isAborted).toBe(true);
});

test('a request that is half there when the stop begins is still answered', async () => {
  site = await startSite();
  const client = new RawClient(site.port).send('GET / HTTP/1.1\r\nHo');
  await waitUntil(() => site.front.stats().connections === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const drained = site.front.drain(60_000);
  client.send('st: a\r\n\r\n');
  const answer = await client.answer();
  expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
  await drained;
});

test('a client that resets at any moment leaves no request open', async () => {
  const open = new Set<FakeExchange>();
  site = await startSite({
    php: (exchange) => {
      open.add(exchange);
      exchange.onAbort = () => open.delete(exchange);
      exchange.sink.onHead(200, []);
      for (let i = 0; i < 40; i++) exchange.sink.onData(Buffer.alloc(65_536));
    },
  });
  const bytes = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`;
  for (let i = 0; i < 100; i++) {
    const client = new RawClient(site.port);
    client.send(bytes.slice(0, Math.ceil((bytes.length * i) / 90)));
    await new Promise((resolve) => setTimeout(resolve, i % 7));
    client.socket.resetAndDestroy();
  }
  await waitUntil(() => site.front.stats().connections === 0 && open.size === 0);
  expect((await get(site.port, '/%')).status).toBe(400);
});

test('requests without end on one connection are fine', async () => {
  site = await startSite({ php: (exchange) => exchange.answer(200, [], 'x') });
  const client = new RawClient(site.port);
  for (let i = 0; i < 2000; i++) {
    client.send(plain);
    await client.answer();
  }
  client.close();
});

test('a thousand pipelined requests are all answered, and PHP has one at a time', async () => {
  let running = 0;
  let most = 0;
  site = await startSite({
    php: (exchange) => {
      most = Math.max(most, ++running);
      setImmediate(() => {
        running--;
        exchange.answer(200, [], exchange.head.target);
      });
    },
  });
  const client = new RawClient(site.port);
  const requests = Array.from({ length: 1000 }, (_, i) =>
    plain.replace(' / ', ` /${i} `),
  );
  client.send(requests.join(''));
  for (let i = 0; i < 1000; i++) expect((await client.answer()).body).toBe(`/${i}`);
  expect(most).toBe(1);
  client.close();
});

test('a flood of pipelined requests waits in the client, and is answered in the end', async () => {
  const held: FakeExchange[] = [];
  let isOpen = false;
  site = await startSite({
    // What waits there is not late.
    config: { http: { headersTimeoutMs: 200 } },
    php: (exchange) => {
      if (isOpen) exchange.answer(200, [], exchange.head.target);
      else held.push(exchange);
    },
  });
  const client = new RawClient(site.port);
  const padding = `X: ${'x'.repeat(8000)}\r\n`;
  for (let i = 0; i < 4000; i++)
    client.send(`GET /${i} HTTP/1.1\r\nHost: a\r\n${padding}\r\n`);
  await waitUntil(() => held.length === 1);
  // All 32 MB could be here by then.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(site.front.stats().requests).toBe(1);
  expect(client.socket.writableLength).toBeGreaterThan(8_000_000);
  isOpen = true;
  held[0]!.answer(200, [], '/0');
  for (let i = 0; i < 4000; i++) expect((await client.answer()).body).toBe(`/${i}`);
  client.close();
});

test('requests sent together before the client ends its side are all answered', async () => {
  site = await startSite({
    php: (exchange) =>
      void setTimeout(() => exchange.answer(200, [], exchange.head.target), 20),
  });
  const client = new RawClient(site.port);
  client.socket.end(plain.repeat(3));
  for (let i = 0; i < 3; i++) expect((await client.answer()).status).toBe(200);
  await client.until(() => client.isEnded);
});

test('a client that leaves with a request behind the one that runs is noticed', async () => {
  const open: FakeExchange[] = [];
  site = await startSite({ php: (exchange) => void open.push(exchange) });
  const client = new RawClient(site.port).send(plain + plain);
  await waitUntil(() => open.length === 1);
  client.socket.resetAndDestroy();
  await waitUntil(() => open[0]!.isAborted);
  expect(site.pool.exchanges.length).toBe(1);
});

test('connections are counted over all addresses, and busy ones keep their place', async () => {
  const open: FakeExchange[] = [];
  site = await startSite({
    config: { http: { listen: ['127.0.0.1:0', '127.0.0.1:0'] } },
    budget: { maxConnections: 3 },
    php: (exchange) => void open.push(exchange),
  });
  const [first, second] = site.ports;
  const clients = [first, second, first].map((port) => new RawClient(port!).send(plain));
  await waitUntil(() => open.length === 3);
  const refused = new RawClient(second!);
  await refused.until(() => refused.isClosed || refused.isEnded);
  expect(site.log.map(({ message }) => message)).toEqual([
    'Connections are refused: 3 are open',
  ]);
  for (const exchange of open) exchange.answer(200, []);
  for (const client of clients) {
    expect((await client.answer()).status).toBe(200);
    client.close();
  }
});

test('the oldest idle connection makes room for a new one', async () => {
  site = await startSite({ budget: { maxConnections: 3 } });
  const clients = [0, 1, 2].map(() => new RawClient(site.port));
  await waitUntil(() => site.front.stats().connections === 3);
  expect((await get(site.port, '/')).status).toBe(200);
  await clients[0]!.until(() => clients[0]!.isClosed || clients[0]!.isEnded);
  expect((await clients[2]!.send(plain).answer()).status).toBe(200);
  for (const client of clients) client.close();
});

test('such a client may be refused in the midst of it', async () => {
  site = await startSite({
    config: { http: { maxBodyBytes: 10 } },
    php: (exchange) =>
      void setTimeout(() => exchange.answer(200, [], exchange.head.target), 50),
  });
  const client = new RawClient(site.port);
  client.send('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world');
  client.send(plain.repeat(100_000));
  expect((await client.answer()).body).toBe('/first');
  expect((await client.answer()).status).toBe(413);
  await client.until(() => client.isEnded);
  expect(client.text).toBe('');
  // What it still sends is read, or closing would reset it and could take its answer.
  client.socket.end();
  const endedAt = performance.now();
  await waitUntil(() => site.front.stats().connections === 0);
  expect(performance.now() - endedAt).toBeLessThan(4000);
  expect((await get(site.port, '/next')).body).toBe('/next');
});

test('the access log has one line for each request, also for those that got no answer', async () => {
  site = await startSite({
    config: { log: { level: 'info', access: true } },
    php: (exchange) => {
      if (exchange.head.target === '/never') return;
      exchange.answer(200, ['Content-Type', 'text/plain'], 'hello');
    },
  });
  const client = new RawClient(site.port);
  client.send(
    'GET /a?b HTTP/1.1\r\nHost: h\r\nUser-Agent: \xc3\xa9\r\nReferer: r\r\n\r\n',
  );
  await client.answer();
  await waitUntil(() => site.log.length === 1);
  expect(site.log[0]).toMatchObject({
    level: 'access',
    fields: {
      remote: '127.0.0.1',
      method: 'GET',
      target: '/a?b',
      host: 'h',
      protocol: 'HTTP/1.1',
      status: 200,
      bytes: 5,
      userAgent: 'é',
      referer: 'r',
      aborted: undefined,
    },
  });
  expect(site.log[0]!.fields.request).toBe(site.pool.exchanges[0]!.head.variables[1]);
  client.send('GET /never HTTP/1.1\r\nHost: h\r\n\r\n');
  await waitUntil(() => site.pool.exchanges.length === 2);
  client.socket.resetAndDestroy();
  await waitUntil(() => site.log.length === 2);
  expect(site.log[1]!.fields).toMatchObject({
    target: '/never',
    status: 499,
    aborted: true,
  });
});

test('and for what was refused before it was a request', async () => {
  site = await startSite({
    config: {
      http: { headersTimeoutMs: 100 },
      log: { level: 'info', access: true },
    },
  });
  const statuses = [
    ['GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHo', 408],
    [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ] as const;
  for (const [bytes, status] of statuses) {
    const client = new RawClient(site.port);
    expect((await client.send(bytes).answer()).status).toBe(status);
    client.close();
  }
  // Browsers open connections in advance: nothing was asked there.
  const silent = new RawClient(site.port);
  await silent.until(() => silent.isEnded || silent.isClosed);
  silent.close();
  expect(site.log.map(({ fields }) => fields)).toEqual(
    statuses.map(([, status]) => ({ remote: '127.0.0.1', status })),
  );
});

test('an IPv4 client of a dual-stack listener has its IPv4 address', async () => {
  site = await startSite({ config: { http: { listen: [':0'] } } });
  const body = JSON.parse((await get(site.port, '/')).body);
  expect(body).toMatchObject({ remoteAddress: '127.0.0.1', serverAddress: '127.0.0.1' });
  const socket = connect(site.port, '::1');
  socket.end(plain);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toContain('"remoteAddress":"::1"');
});
