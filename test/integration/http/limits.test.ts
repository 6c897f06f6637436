import { closeSync, openSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { exchangeRaw, get, RawClient, request } from './raw.ts';
import { type Site, type SiteSettings, startSite } from './site.ts';

let site: Site;
async function start(
  http: NonNullable<SiteSettings['config']>['http'],
  more: SiteSettings = {},
): Promise<void> {
  site = await startSite({ ...more, config: { ...more.config, http } });
}
afterEach(() => site.close());

const head = (length: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
const chunkedHead = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, '1']));
}

describe('sizes', () => {
  test('headers up to the limit are answered, above it 431', async () => {
    await start({ maxHeaderBytes: 4096 });
    expect((await get(site.port, '/', { X: 'x'.repeat(3900) })).status).toBe(200);
    const answer = await get(site.port, '/', { X: 'x'.repeat(4200) });
    expect([answer.status, answer.headers.connection]).toEqual([431, 'close']);
  });

  test('headers far above the limit, still being sent, are 431 and readable', async () => {
    await start({ maxHeaderBytes: 4096 });
    const bytes = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(2_000_000)}`;
    expect((await exchangeRaw(site.port, bytes)).status).toBe(431);
  });

  test('more than 256 headers are 431', async () => {
    await start({ maxHeaderBytes: 65_536 });
    expect((await get(site.port, '/', manyHeaders(255))).status).toBe(200);
    expect((await get(site.port, '/', manyHeaders(256))).status).toBe(431);
    expect((await get(site.port, '/', manyHeaders(3000))).status).toBe(431);
  });

  test('a target up to the limit is answered, above it 414', async () => {
    await start({ maxTargetBytes: 1000 });
    expect((await get(site.port, `/${'x'.repeat(999)}`)).status).toBe(200);
    expect((await get(site.port, `/${'x'.repeat(1000)}`)).status).toBe(414);
    expect((await get(site.port, `/?${'x'.repeat(10_000)}`)).status).toBe(414);
  });

  test('a target above the limit of the whole head is 414 as well', async () => {
    await start({ maxTargetBytes: 1000, maxHeaderBytes: 4096 });
    expect((await get(site.port, `/${'x'.repeat(10_000)}`)).status).toBe(414);
    expect((await get(site.port, `/${'x'.repeat(1_000_000)}`)).status).toBe(414);
  });

  test('a body up to the limit is answered, above it 413', async () => {
    await start({ maxBodyBytes: 1000 });
    expect((await request(site.port, 'POST', '/', {}, 'x'.repeat(1000))).status).toBe(
      200,
    );
    const before = site.pool.exchanges.length;
    const answer = await request(site.port, 'POST', '/', {}, 'x'.repeat(1001));
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
    expect(site.pool.exchanges.length).toBe(before);
  });

  test('413 comes before the body is sent', async () => {
    await start({ maxBodyBytes: 1000 });
    expect((await exchangeRaw(site.port, head(5_000_000_000))).status).toBe(413);
  });

  test('413 can be read by a client that sends everything first', async () => {
    await start({ maxBodyBytes: 1000 });
    const client = new RawClient(site.port);
    client.socket.pause();
    client.send(head(20_000_000));
    client.send('x'.repeat(20_000_000));
    await new Promise<void>((resolve) => client.socket.write('', () => resolve()));
    client.socket.resume();
    expect((await client.answer()).status).toBe(413);
    await client.until(() => client.isEnded);
    client.close();
  });

  test('chunks are counted', async () => {
    await start({ maxBodyBytes: 1000 });
    const chunk = `64\r\n${'x'.repeat(100)}\r\n`;
    const ten = chunkedHead + chunk.repeat(10);
    expect((await exchangeRaw(site.port, `${ten}0\r\n\r\n`)).status).toBe(200);
    expect((await exchangeRaw(site.port, `${ten}1\r\nx`)).status).toBe(413);
  });

  test('chunks of a streaming route are counted', async () => {
    await start({ maxBodyBytes: 1000, streamBodies: ['**'] }, { php: () => {} });
    const client = new RawClient(site.port);
    client.send(`${chunkedHead}3e8\r\n${'x'.repeat(1000)}\r\n`);
    while (site.pool.exchanges.length === 0) await new Promise(setImmediate);
    const exchange = site.pool.exchanges[0]!;
    if (exchange.body.kind === 'stream') exchange.body.stream.resume();
    client.send('1\r\nx\r\n');
    expect((await client.answer()).status).toBe(413);
    expect(exchange.isAborted).toBe(true);
    client.close();
  });

  test('0 means no limit', async () => {
    await start({ maxBodyBytes: 0 });
    expect((await request(site.port, 'POST', '/', {}, 'x'.repeat(3e6))).status).toBe(200);
  });

  test('endless chunk extensions are refused', async () => {
    await start({});
    const client = new RawClient(site.port).send(chunkedHead);
    client.send(`1;x=${'y'.repeat(100_000)}`);
    expect((await client.answer()).status).toBe(413);
    client.close();
  });

  test('endless empty lines end the connection', async () => {
    await start({});
    const client = new RawClient(site.port);
    while (!client.isClosed) {
      client.send('\r\n'.repeat(50_000));
      await new Promise(setImmediate);
    }
  });
});

describe('times', () => {
  test('a head that does not arrive in time is 408', async () => {
    await start({ headersTimeoutMs: 200 });
    const client = new RawClient(site.port).send('GET / HTTP/1.1\r\nHost:');
    expect((await client.answer()).status).toBe(408);
    await client.until(() => client.isEnded);
  });

  test('also when it arrives drop by drop', async () => {
    await start({ headersTimeoutMs: 300 });
    const client = new RawClient(site.port).send('GET / HTTP/1.1\r\nHost: a\r\n');
    const drops = setInterval(() => client.send('X: y\r\n'), 20);
    expect((await client.answer()).status).toBe(408);
    clearInterval(drops);
    client.close();
  });

  test('a connection on which nothing is sent is closed without a word', async () => {
    await start({ headersTimeoutMs: 200 });
    const client = new RawClient(site.port);
    await client.until(() => client.isClosed || client.isEnded);
    expect(client.text).toBe('');
  });

  test('a body that pauses for too long is 408', async () => {
    await start({ bodyIdleTimeoutMs: 200 });
    for (const start of [`${head(10)}abc`, `${chunkedHead}3\r\nabc\r\n`]) {
      const client = new RawClient(site.port).send(start);
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([408, 'close']);
      client.close();
    }
    expect(site.pool.exchanges).toEqual([]);
  });

  test('a body of a streaming route that pauses for too long is 408', async () => {
    await start({ bodyIdleTimeoutMs: 200, streamBodies: ['**'] }, { php: () => {} });
    const client = new RawClient(site.port).send(`${head(10)}abc`);
    expect((await client.answer()).status).toBe(408);
    expect(site.pool.exchanges[0]!.isAborted).toBe(true);
    client.close();
  });

  test('a body that only crawls is received', async () => {
    await start({ bodyIdleTimeoutMs: 2000 });
    const client = new RawClient(site.port).send(head(10));
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      client.send('x');
    }
    expect((await client.answer()).status).toBe(200);
    client.close();
  });

  test('an idle connection is closed after its time, and the client was told', async () => {
    await start({ keepAliveTimeoutMs: 1000 });
    const client = new RawClient(site.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).headers['keep-alive']).toBe('timeout=1');
    await client.until(() => client.isEnded);
    expect(client.text).toBe('');
  });

  test('PHP may think for longer than every limit of the connection', async () => {
    const short = {
      headersTimeoutMs: 150,
      bodyIdleTimeoutMs: 150,
      keepAliveTimeoutMs: 150,
      writeIdleTimeoutMs: 150,
    };
    await start(short, {
      php: (exchange) => setTimeout(() => exchange.answer(200, [], 'done'), 1500),
    });
    expect((await get(site.port, '/')).body).toBe('done');
    expect((await request(site.port, 'POST', '/', {}, 'abc')).body).toBe('done');
  });

  test('and behind the answer to a request sent before it', async () => {
    await start(
      { writeIdleTimeoutMs: 150 },
      {
        files: {
          'public/index.php': '<?php',
          'public/big.bin': Buffer.alloc(3_000_000),
        },
        php: (exchange) => setTimeout(() => exchange.answer(200, [], 'done'), 1500),
      },
    );
    const client = new RawClient(site.port);
    client.send('GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n');
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).body.length).toBe(3_000_000);
    expect((await client.answer()).body).toBe('done');
    client.close();
  });

  test('and between two pieces of its answer', async () => {
    await start(
      { writeIdleTimeoutMs: 150, keepAliveTimeoutMs: 150 },
      {
        php: ({ sink }) => {
          sink.onHead(200, []);
          sink.onData(Buffer.alloc(3_000_000, 'x'));
          setTimeout(() => {
            sink.onData(Buffer.from('end'));
            sink.onEnd();
          }, 1500);
        },
      },
    );
    const answer = await get(site.port, '/');
    expect([answer.body.length, answer.isComplete]).toEqual([3_000_003, true]);
  });

  test.each(['from PHP', 'from a file'])(
    'a client that reads nothing is dropped, %s',
    async (kind) => {
      await start(
        { writeIdleTimeoutMs: 300 },
        {
          files: {
            'public/index.php': '<?php',
            'public/big.bin': Buffer.alloc(30_000_000),
          },
          php: (exchange) => exchange.answer(200, [], Buffer.alloc(30_000_000)),
        },
      );
      const client = new RawClient(site.port);
      client.socket.pause();
      const target = kind === 'from PHP' ? '/' : '/big.bin';
      client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      while (site.front.stats().requests === 0) await new Promise(setImmediate);
      while (site.front.stats().connections > 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      client.close();
    },
  );

  test('a client that reads slowly is not', async () => {
    await start(
      { writeIdleTimeoutMs: 3000 },
      {
        php: ({ sink }) => {
          sink.onHead(200, []);
          for (let i = 0; i < 500; i++) sink.onData(Buffer.alloc(65_536, 'x'));
          sink.onEnd();
        },
      },
    );
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const startedAt = performance.now();
    let read = 0;
    client.socket.on('data', (chunk: string) => {
      read += chunk.length;
      if (read < 400_000) return;
      read = 0;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 60);
    });
    await client.until(() => client.isClosed || client.text.length > 500 * 65_536);
    expect(performance.now() - startedAt).toBeGreaterThan(3000);
    expect((await client.answer()).isComplete).toBe(true);
    client.close();
  });
});

const openFiles = /^Max open files\s+(\d+)/m.exec(
  readFileSync('/proc/self/limits', 'latin1'),
);

// Where millions are allowed, taking them all would take longer than all other tests.
test.runIf(Number(openFiles?.[1]) <= 65_536)(
  'running out of descriptors is 503 and passes',
  async () => {
    await start({}, { files: { 'public/index.php': '<?php', 'public/a.txt': 'a' } });
    const client = new RawClient(site.port);
    await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').answer();
    const taken: number[] = [];
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      // All taken.
    }
    client.send('GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text.includes('\r\n\r\n'));
    for (const fd of taken) closeSync(fd);
    const { status, headers } = await client.answer();
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    client.close();
    expect((await get(site.port, '/a.txt')).body).toBe('a');
  },
);
