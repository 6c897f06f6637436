import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PhpFailure } from '../../../runtime/php/types.ts';
import type { FakeExchange } from './fake-pool.ts';
import { get, RawClient, request } from './raw.ts';
import { type Site, startSite } from './site.ts';

let site: Site;
let php: (exchange: FakeExchange) => void;
beforeAll(async () => {
  site = await startSite({ php: (exchange) => php(exchange) });
});
afterAll(() => site.close());

const html = ['Content-Type', 'text/html'];
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Later, not in the same turn. */
function later(...steps: (() => void)[]): void {
  void (async () => {
    for (const step of steps) {
      await tick();
      await tick();
      step();
    }
  })();
}

describe('a response that is complete at once', () => {
  test('has a length and stays on its connection', async () => {
    php = (exchange) => exchange.answer(200, html, 'hello');
    const client = new RawClient(site.port);
    for (let i = 0; i < 3; i++) {
      const answer = await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').answer();
      expect([answer.status, answer.body]).toEqual([200, 'hello']);
      expect(answer.headers['content-length']).toBe('5');
      expect(answer.headers['transfer-encoding']).toBeUndefined();
    }
    client.close();
  });

  test('keeps all bytes, of any size', async () => {
    for (const size of [0, 1, 255, 4096, 16_384, 16_385, 100_000, 200_000]) {
      const body = Buffer.alloc(size, 0);
      for (let i = 0; i < size; i++) body[i] = i & 0xff;
      php = (exchange) => exchange.answer(200, html, body);
      expect((await get(site.port, '/')).body).toBe(body.toString('latin1'));
    }
  });

  test('keeps headers in order and repeated ones', async () => {
    php = (exchange) =>
      exchange.answer(
        404,
        ['B', '1', 'Set-Cookie', 'a=1', 'A', '2', 'Set-Cookie', 'b=2'],
        'x',
      );
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text.endsWith('x'));
    expect(client.text).toMatch(
      /^HTTP\/1\.1 404 Not Found\r\nB: 1\r\nSet-Cookie: a=1\r\nA: 2\r\nSet-Cookie: b=2\r\n/,
    );
    client.close();
  });

  test.each([200, 201, 299, 302, 404, 418, 500, 599, 999])(
    'has status %i',
    async (status) => {
      php = (exchange) => exchange.answer(status, html, 'x');
      expect((await get(site.port, '/')).status).toBe(status);
    },
  );

  test("has the reason phrase of the script's own status line", async () => {
    for (const [reason, line] of [
      ['Nope', 'HTTP/1.1 404 Nope'],
      ['', 'HTTP/1.1 404 Not Found'],
      ['a\r\nX: y', 'HTTP/1.1 404 Not Found'],
    ]) {
      php = ({ sink }) => {
        sink.onHead(404, html, reason);
        sink.onEnd();
      };
      const client = new RawClient(site.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.until(() => client.text.includes('\r\n\r\n'));
      expect(client.text.split('\r\n')[0]).toBe(line);
      client.close();
    }
  });

  test("keeps PHP's own Date", async () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    php = (exchange) => exchange.answer(200, ['Date', date], 'x');
    expect((await get(site.port, '/')).headers.date).toBe(date);
    php = (exchange) => exchange.answer(200, [], 'x');
    expect(Date.parse((await get(site.port, '/')).headers.date!)).toBeGreaterThan(0);
  });

  test('to HTTP/1.0 ends its connection, unless the client keeps it', async () => {
    php = (exchange) => exchange.answer(200, html, 'hello');
    const closing = new RawClient(site.port).send('GET / HTTP/1.0\r\n\r\n');
    expect((await closing.answer()).headers.connection).toBe('close');
    await closing.until(() => closing.isEnded);
    const keeping = new RawClient(site.port);
    for (let i = 0; i < 2; i++) {
      keeping.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      expect((await keeping.answer()).headers.connection).toBe('keep-alive');
    }
    keeping.close();
  });
});

describe('without content', () => {
  test.each([204, 304])(
    '%i has neither body nor length, whatever PHP writes',
    async (status) => {
      const client = new RawClient(site.port);
      for (const length of [[], ['Content-Length', '3']]) {
        php = (exchange) => exchange.answer(status, [...html, ...length], 'abc');
        client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        const answer = await client.answer();
        expect(answer.status).toBe(status);
        expect(answer.headers['content-length']).toBeUndefined();
        expect(answer.headers['transfer-encoding']).toBeUndefined();
        expect(client.text).toBe('');
      }
      client.close();
    },
  );

  test('HEAD gets the headers, and the length PHP names', async () => {
    const client = new RawClient(site.port);
    for (const isSlow of [false, true]) {
      php = (exchange) => {
        exchange.sink.onHead(200, [...html, 'Content-Length', '1234']);
        const end = (): void => {
          exchange.sink.onData(Buffer.from('ignored'));
          exchange.sink.onEnd();
        };
        if (isSlow) later(end);
        else end();
      };
      client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
      const answer = await client.answer(true);
      expect(answer.headers['content-length']).toBe('1234');
    }
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    php = (exchange) => exchange.answer(200, html, 'after');
    expect((await client.answer()).body).toBe('after');
  });
});

describe('a response in pieces', () => {
  test('is chunked, and each piece arrives when PHP flushes it', async () => {
    let exchange!: FakeExchange;
    php = (e) => {
      exchange = e;
      e.sink.onHead(200, html);
      e.sink.onData(Buffer.from('one'));
    };
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text.includes('one'));
    exchange.sink.onData(Buffer.from('two'));
    await client.until(() => client.text.includes('two'));
    exchange.sink.onEnd();
    const answer = await client.answer();
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    expect([answer.body, answer.isComplete]).toEqual(['onetwo', true]);
    client.close();
  });

  test('shows its head before any body', async () => {
    let exchange!: FakeExchange;
    php = (e) => {
      exchange = e;
      e.sink.onHead(200, html);
    };
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text.includes('\r\n\r\n'));
    exchange.sink.onEnd();
    expect((await client.answer()).body).toBe('');
    client.close();
  });

  test('to HTTP/1.0 ends with the connection', async () => {
    php = ({ sink }) => {
      sink.onHead(200, html);
      later(
        () => sink.onData(Buffer.from('one')),
        () => sink.onData(Buffer.from('two')),
        () => sink.onEnd(),
      );
    };
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const answer = await client.answer();
    expect(answer.body).toBe('onetwo');
    expect(answer.headers['transfer-encoding']).toBeUndefined();
    expect(answer.headers.connection).toBe('close');
  });

  test('may reuse its buffer for the next piece', async () => {
    php = ({ sink }) => {
      const shared = Buffer.from('one');
      sink.onHead(200, html);
      sink.onData(shared);
      shared.write('two');
      sink.onData(shared);
      later(
        () => {
          shared.write('six');
          sink.onData(shared);
          shared.write('XXX');
        },
        () => sink.onEnd(),
      );
    };
    expect((await get(site.port, '/')).body).toBe('onetwosix');
  });
});

describe('a Content-Length of PHP', () => {
  for (const isSlow of [false, true]) {
    const how = isSlow ? 'in pieces' : 'at once';
    const run = (length: string, body: string): void => {
      php = ({ sink }) => {
        sink.onHead(200, [...html, 'Content-Length', length]);
        const steps = [() => sink.onData(Buffer.from(body)), () => sink.onEnd()];
        if (isSlow) later(...steps);
        else for (const step of steps) step();
      };
    };

    test(`that is right is kept, ${how}`, async () => {
      run('5', 'hello');
      const answer = await get(site.port, '/');
      expect(answer.headers['content-length']).toBe('5');
      expect(answer.headers['transfer-encoding']).toBeUndefined();
      expect(answer.body).toBe('hello');
    });

    test(`that is too small cuts the body and not the connection, ${how}`, async () => {
      const client = new RawClient(site.port);
      for (let i = 0; i < 2; i++) {
        run('3', 'hello');
        client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        expect((await client.answer()).body).toBe('hel');
      }
      expect(client.text).toBe('');
      client.close();
    });

    test(`that is too big shows as an incomplete answer, ${how}`, async () => {
      run('9', 'hello');
      const answer = await get(site.port, '/');
      expect([answer.body, answer.isComplete]).toEqual(['hello', false]);
      expect(site.log.at(-1)?.message).toMatch(/shorter than its Content-Length/);
    });

    test.each(['-1', '5x', '', '+5', '5, 5'])(
      `"%s" is replaced, ${how}`,
      async (length) => {
        run(length, 'hello');
        const answer = await get(site.port, '/');
        expect([answer.body, answer.isComplete]).toEqual(['hello', true]);
      },
    );

    test(`of 0 with a body is an empty answer, ${how}`, async () => {
      run('0', 'hello');
      const answer = await get(site.port, '/');
      expect([answer.body, answer.headers['content-length']]).toEqual(['', '0']);
    });
  }
});

describe('when PHP fails', () => {
  const failures: [PhpFailure, number][] = [
    [{ reason: 'crashed', signal: 11, script: '/x.php' }, 502],
    [{ reason: 'exited', status: 255, script: '/x.php' }, 502],
    [{ reason: 'zygote-died' }, 502],
    [{ reason: 'damaged', detail: 'a word', script: '/x.php' }, 502],
    [
      {
        reason: 'timeout',
        limit: 'request',
        afterMs: 1000,
        isKilled: false,
        script: '/x.php',
      },
      504,
    ],
    [{ reason: 'queue-full' }, 503],
    [{ reason: 'queue-timeout' }, 503],
    [{ reason: 'stopping' }, 503],
    [{ reason: 'head-too-large' }, 431],
  ];

  test.each(failures)('before its head: %o is %i', async (failure, status) => {
    php = ({ sink }) => sink.onFailure(failure);
    const answer = await get(site.port, '/');
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toContain(`Request ${answer.headers['x-request-id']}`);
    expect(site.log.at(-1)?.fields.request).toBe(answer.headers['x-request-id']);
    expect(answer.body).not.toContain('x.php');
  });

  test('in the turn of its head: the client is told', async () => {
    php = ({ sink }) => {
      sink.onHead(200, html);
      sink.onData(Buffer.from('half'));
      sink.onFailure({ reason: 'crashed', signal: 9, script: 'x' });
    };
    expect((await get(site.port, '/')).status).toBe(502);
  });

  test('after its head: the client sees that something is missing', async () => {
    php = ({ sink }) => {
      sink.onHead(200, html);
      sink.onData(Buffer.from('half'));
      later(() => sink.onFailure({ reason: 'crashed', signal: 9, script: 'x' }));
    };
    const answer = await get(site.port, '/');
    expect([answer.status, answer.body, answer.isComplete]).toEqual([200, 'half', false]);
  });

  test('after its head, to HTTP/1.0: the connection is reset', async () => {
    php = ({ sink }) => {
      sink.onHead(200, html);
      sink.onData(Buffer.from('half'));
      later(() => sink.onFailure({ reason: 'crashed', signal: 9, script: 'x' }));
    };
    const client = new RawClient(site.port);
    const failed = new Promise<Error>((resolve) => client.socket.once('error', resolve));
    client.send('GET / HTTP/1.0\r\n\r\n');
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });

  test('the connection of a failed request goes on', async () => {
    const client = new RawClient(site.port);
    php = ({ sink }) => sink.onFailure({ reason: 'crashed', signal: 9, script: 'x' });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
    expect((await client.answer()).status).toBe(502);
    php = (exchange) => exchange.answer(200, html, 'next');
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.answer()).body).toBe('next');
    client.close();
  });
});

describe('a client that leaves', () => {
  test('while PHP works: PHP is told', async () => {
    let aborted!: Promise<void>;
    const started = new Promise<void>((resolve) => {
      php = (exchange) => {
        aborted = new Promise((done) => (exchange.onAbort = done));
        resolve();
      };
    });
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await started;
    client.socket.resetAndDestroy();
    await aborted;
  });

  test('in the midst of the answer: PHP is told', async () => {
    let aborted!: Promise<void>;
    php = (exchange) => {
      aborted = new Promise((done) => (exchange.onAbort = done));
      exchange.sink.onHead(200, html);
      exchange.sink.onData(Buffer.from('one'));
    };
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until(() => client.text.includes('one'));
    client.socket.resetAndDestroy();
    await aborted;
  });

  test('that only ended its side gets its answer', async () => {
    php = ({ sink }) =>
      later(
        () => sink.onHead(200, html),
        () => sink.onData(Buffer.from('late')),
        () => sink.onEnd(),
      );
    const client = new RawClient(site.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    client.socket.end();
    const answer = await client.answer();
    expect([answer.body, answer.isComplete]).toEqual(['late', true]);
    await client.until(() => client.isEnded);
  });

  test('with everything is not an abort', async () => {
    php = (exchange) => exchange.answer(200, html, 'x');
    await get(site.port, '/');
    await tick();
    expect(site.pool.exchanges.at(-1)?.isAborted).toBe(false);
  });
});

const contentOf = (target: string): string => `${target};`.repeat(60_000 / target.length);

test('many answers at once do not get into each other, whoever reads slowly', async () => {
  php = ({ head, sink }) => {
    const bytes = Buffer.from(contentOf(head.target));
    sink.onHead(200, html);
    sink.onData(bytes.subarray(0, 30_000));
    sink.onData(bytes.subarray(30_000));
    if (head.target.endsWith('0')) sink.onEnd();
    else setImmediate(() => sink.onEnd());
  };
  const clients = Array.from({ length: 100 }, () => new RawClient(site.port));
  for (let round = 0; round < 5; round++) {
    for (const [i, client] of clients.entries()) {
      if (i % 3 === 0) client.socket.pause();
      for (let n = 0; n < 4; n++) {
        client.send(`GET /${round}x${i}y${n} HTTP/1.1\r\nHost: a\r\n\r\n`);
      }
    }
    await tick();
    for (const [i, client] of clients.entries()) {
      client.socket.resume();
      for (let n = 0; n < 4; n++) {
        const { body } = await client.answer();
        expect(body === contentOf(`/${round}x${i}y${n}`)).toBe(true);
      }
    }
  }
  for (const client of clients) client.close();
});

test('pipelined requests are answered one after the other', async () => {
  const order: string[] = [];
  php = (exchange) => {
    const { target } = exchange.head;
    order.push(`start ${target}`);
    later(() => {
      order.push(`end ${target}`);
      exchange.answer(200, html, target);
    });
  };
  const client = new RawClient(site.port);
  const all = ['/1', '/2', '/3'].map((t) => `GET ${t} HTTP/1.1\r\nHost: a\r\n\r\n`);
  client.send(all.join(''));
  const answers = [await client.answer(), await client.answer(), await client.answer()];
  expect(answers.map((a) => a.body)).toEqual(['/1', '/2', '/3']);
  expect(order).toEqual([
    'start /1',
    'end /1',
    'start /2',
    'end /2',
    'start /3',
    'end /3',
  ]);
  client.close();
});

test('an answer goes out before what follows it is refused', async () => {
  php = (exchange) => later(() => exchange.answer(200, html, 'first'));
  const client = new RawClient(site.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n');
  expect((await client.answer()).body).toBe('first');
  expect((await client.answer()).status).toBe(400);
  await client.until(() => client.isEnded);
});

test('bytes after a closing request change nothing about its answer', async () => {
  php = (exchange) => later(() => exchange.answer(200, html, 'only'));
  const client = new RawClient(site.port);
  client.send(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n',
  );
  expect((await client.answer()).body).toBe('only');
  await client.until(() => client.isEnded);
  expect(client.text).toBe('');
});

test('a request id names the request to PHP, in the log and on the error page', async () => {
  php = ({ sink }) => sink.onFailure({ reason: 'queue-full' });
  const answer = await request(site.port, 'GET', '/', { 'X-Request-Id': 'mine' });
  const { head } = site.pool.exchanges.at(-1)!;
  expect(head.variables).toEqual(['REQUEST_ID', answer.headers['x-request-id']]);
  expect(head.rawHeaders).toContain('mine');
});
