import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeExchange } from './fake-pool.ts';
import { get, RawClient, request } from './raw.ts';
import { type Site, startSite } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite({
    config: { http: { streamBodies: ['/stream/**'], maxBodyBytes: 10_000_000 } },
  });
});
afterAll(() => site.close());

const last = (): FakeExchange => site.pool.exchanges.at(-1)!;

test('PHP gets addresses, server name and port', async () => {
  await get(site.port, '/x?y=1', { Host: 'Shop.example.test:81' });
  const { head } = last();
  expect(head).toMatchObject({
    method: 'GET',
    target: '/x?y=1',
    protocol: 'HTTP/1.1',
    scheme: 'http',
    remoteAddress: '127.0.0.1',
    serverAddress: '127.0.0.1',
    serverPort: String(site.port),
    serverName: 'Shop.example.test',
    queryString: 'y=1',
    contentType: '',
    contentLength: '',
  });
  expect(Number(head.remotePort)).toBeGreaterThan(0);
});

test('headers arrive in order and as they were written', async () => {
  await get(site.port, '/', { 'X-b': '1', 'x-A': '  2 ', Cookie: 'a=b; c=d' });
  expect(last().head.rawHeaders).toEqual([
    'Host',
    'example.test',
    'X-b',
    '1',
    'x-A',
    '2',
    'Cookie',
    'a=b; c=d',
  ]);
});

test.each([
  'Proxy',
  'PROXY',
  'proxy',
  'X_Forwarded_For',
  'X-Forwarded_For',
  'X.Forwarded.For',
  'Content_Length',
  '_',
  'X~Y',
  "X'Y",
])('the header %s never reaches PHP', async (name) => {
  await get(site.port, '/', { [name]: 'evil', 'X-Forwarded-For': '1.2.3.4' });
  expect(last().head.rawHeaders).toEqual([
    'Host',
    'example.test',
    'X-Forwarded-For',
    '1.2.3.4',
  ]);
});

test('HTTP/1.0 without Host names the address', async () => {
  const client = new RawClient(site.port).send('GET / HTTP/1.0\r\n\r\n');
  await client.answer();
  expect(last().head).toMatchObject({ protocol: 'HTTP/1.0', serverName: '127.0.0.1' });
});

describe('a body', () => {
  test.each([1, 1000, 131_072, 131_073, 1_000_000, 9_999_999])(
    'of %i bytes is whole',
    async (size) => {
      const body = 'x'.repeat(size - 1) + 'y';
      const answer = await request(
        site.port,
        'POST',
        '/',
        { 'Content-Type': 'text/x' },
        body,
      );
      expect(answer.status).toBe(200);
      const { head, content, body: given } = last();
      expect(head).toMatchObject({ contentLength: String(size), contentType: 'text/x' });
      expect(given.kind).toBe(size > 131_072 ? 'file' : 'bytes');
      expect(content.toString()).toBe(body.slice(0, content.length));
      expect(content.length).toBe(Math.min(size, 1 << 20));
    },
  );

  test('in chunks has a length for PHP and no Transfer-Encoding', async () => {
    const bytes =
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n';
    const client = new RawClient(site.port).send(
      `${bytes}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
    );
    await client.answer();
    expect(last().head).toMatchObject({
      contentLength: '5',
      rawHeaders: ['Host', 'a', 'X', 'y'],
    });
    expect(last().content.toString()).toBe('abcde');
    client.close();
  });

  test.each([50_000, 300_000])('of %i chunks of one byte is whole', async (count) => {
    const body = Array.from({ length: count }, (_, i) =>
      String.fromCharCode(97 + (i % 26)),
    );
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunks = body.map((byte) => `1\r\n${byte}\r\n`).join('');
    const client = new RawClient(site.port).send(`${head}${chunks}0\r\n\r\n`);
    await client.answer();
    expect(last().content.toString()).toBe(body.join(''));
    client.close();
  });

  test('in no chunk is empty', async () => {
    const bytes =
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    const client = new RawClient(site.port).send(bytes);
    await client.answer();
    expect(last().body.kind).toBe('none');
    expect(last().head.contentLength).toBe('0');
    client.close();
  });

  test('of length 0 is none, of which PHP knows', async () => {
    await request(site.port, 'POST', '/', { 'Content-Length': '0' });
    expect(last().body.kind).toBe('none');
    expect(last().head.contentLength).toBe('0');
  });

  test('of GET and DELETE arrives as well', async () => {
    for (const method of ['GET', 'DELETE']) {
      await request(site.port, method, '/', {}, 'body');
      expect(last().content.toString()).toBe('body');
    }
  });

  test('reaches PHP only when it is complete', async () => {
    const before = site.pool.exchanges.length;
    const client = new RawClient(site.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n');
    client.send('x'.repeat(299_999));
    await get(site.port, '/');
    await get(site.port, '/');
    expect(site.pool.exchanges.length).toBe(before + 2);
    client.send('x');
    expect((await client.answer()).status).toBe(200);
    client.close();
  });

  test('that never ends reaches nobody', async () => {
    const before = site.pool.exchanges.length;
    for (const end of ['destroy', 'end', 'resetAndDestroy'] as const) {
      const client = new RawClient(site.port);
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nxyz');
      await get(site.port, '/');
      client.socket[end]();
      await client.until(() => client.isClosed || client.isEnded);
      client.close();
    }
    expect(site.pool.exchanges.slice(before).every((e) => e.body.kind === 'none')).toBe(
      true,
    );
  });

  test('leaves no file behind, complete or not', async () => {
    await request(site.port, 'POST', '/', {}, 'x'.repeat(200_000));
    const client = new RawClient(site.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n');
    client.send('x'.repeat(299_999));
    await get(site.port, '/');
    expect(readdirSync(site.spoolDir)).toEqual([]);
    client.close();
  });

  test('of a streaming route reaches PHP while it arrives', async () => {
    const received: string[] = [];
    const streamed = await startSite({
      config: { http: { streamBodies: ['/stream/**'], maxBodyBytes: 100 } },
      php: (exchange) => {
        const { body, sink } = exchange;
        if (body.kind !== 'stream') return exchange.answer(500, [], '');
        sink.onHead(200, []);
        body.stream.on('data', (chunk: Buffer) => {
          received.push(String(chunk));
          sink.onData(Buffer.from(`got ${String(chunk)};`));
        });
        body.stream.on('end', () => sink.onEnd());
      },
    });
    const client = new RawClient(streamed.port);
    const head = 'POST /stream/x HTTP/1.1\r\nHost: a\r\n';
    client.send(`${head}Content-Length: 6\r\n\r\n`);
    await client.until(() => client.text.includes('\r\n\r\n'));
    client.send('abc');
    await client.until(() => client.text.includes('got abc;'));
    client.send('def');
    expect((await client.answer()).body).toBe('got abc;got def;');
    // The connection is in order afterwards, and chunks work as well.
    client.send(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n`);
    expect((await client.answer()).body).toBe('got xy;');
    expect(streamed.pool.exchanges.at(-1)!.head.rawHeaders).toContain(
      'Transfer-Encoding',
    );
    expect(streamed.pool.exchanges.at(-1)!.head.contentLength).toBe('');
    client.close();
    await streamed.close();
  });
});

const expecting = (length: number, target = '/'): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

test('a script that answers before it has read a streamed body leaves the connection usable', async () => {
  const streamed = await startSite({
    config: { http: { streamBodies: ['**'] } },
    php: (exchange) => exchange.answer(200, [], exchange.head.target),
  });
  const client = new RawClient(streamed.port);
  for (const [head, body] of [
    ['Content-Length: 300000', 'x'.repeat(300_000)],
    ['Transfer-Encoding: chunked', `493e0\r\n${'x'.repeat(300_000)}\r\n0\r\n\r\n`],
  ]) {
    client.send(`POST /1 HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`);
    expect((await client.answer()).body).toBe('/1');
    client.send(body!);
    client.send('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).body).toBe('/2');
  }
  client.close();
  await streamed.close();
});

test('a client that leaves after such an answer, its body unfinished, leaves nothing behind', async () => {
  const streamed = await startSite({
    config: { http: { streamBodies: ['**'], keepAliveTimeoutMs: 300 } },
    php: (exchange) => exchange.answer(200, [], 'early'),
  });
  for (const how of ['end', 'nonsense', 'silence', 'resetAndDestroy'] as const) {
    const client = new RawClient(streamed.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    );
    expect((await client.answer()).body).toBe('early');
    if (how === 'nonsense') client.send('nonsense\r\n');
    else if (how !== 'silence') client.socket[how]();
    await client.until(() => client.isEnded || client.isClosed);
    client.close();
  }
  while (streamed.front.stats().connections > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await streamed.close();
});

describe('Expect: 100-continue', () => {
  test('is answered before the body is read', async () => {
    const client = new RawClient(site.port).send(expecting(3));
    await client.until(() => client.text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    client.send('abc');
    expect((await client.answer()).status).toBe(200);
    expect(last().content.toString()).toBe('abc');
    client.close();
  });

  test('is not answered when the body is not wanted', async () => {
    const client = new RawClient(site.port).send(expecting(10_000_001));
    await client.until(() => client.isEnded);
    expect(client.text).toMatch(/^HTTP\/1\.1 413 /);
    client.close();
  });

  test('on a file ends the connection, for the body may or may not follow', async () => {
    site.write('public/file.txt', 'file');
    const client = new RawClient(site.port).send(expecting(3, '/file.txt'));
    const answer = await client.answer();
    expect([answer.status, answer.headers.connection]).toEqual([405, 'close']);
    client.close();
  });

  test('is ignored in HTTP/1.0', async () => {
    const client = new RawClient(site.port);
    client.send('POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    client.send('abc');
    await client.until(() => client.isEnded);
    expect(client.text).toMatch(/^HTTP\/1\.1 200 /);
    client.close();
  });

  test.each(['tea', '100-continue, tea', 'tea;100-continue'])(
    'any other expectation is 417: %s',
    async (expected) => {
      const answer = await request(site.port, 'POST', '/', { Expect: expected }, 'abc');
      expect(answer.status).toBe(417);
    },
  );
});

test.each(['TRACE', 'CONNECT'])('%s is refused', async (method) => {
  const target = method === 'CONNECT' ? 'example.test:80' : '/';
  const answer = await request(site.port, method, target, { Cookie: 'secret=1' });
  expect(answer.status).toBe(405);
  expect(answer.headers.allow).toBe('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  expect(answer.body).not.toContain('secret');
});

test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE', 'QUERY'])(
  '%s reaches PHP',
  async (method) => {
    expect((await request(site.port, method, '/x')).status).toBe(200);
    expect(last().head.method).toBe(method);
  },
);

test('OPTIONS * is answered for the whole server', async () => {
  const answer = await request(site.port, 'OPTIONS', '*');
  expect([answer.status, answer.headers.allow]).toEqual([
    204,
    'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  ]);
});

test('an upgrade is not made', async () => {
  const headers = { Connection: 'Upgrade', Upgrade: 'websocket' };
  expect((await get(site.port, '/', headers)).status).toBe(200);
});

test('an ordinary client works', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    const client = httpRequest({ port: site.port, method: 'POST' }, (answer) => {
      answer.setEncoding('latin1');
      let body = '';
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve(body));
    });
    client.on('error', reject);
    client.end('hello');
  });
  expect(JSON.parse(text).body).toBe('hello');
});
