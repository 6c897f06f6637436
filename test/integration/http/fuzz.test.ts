import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { FakeExchange } from './fake-pool.ts';
import { get } from './raw.ts';
import { type Site, startSite } from './site.ts';

/** Repeatable: mulberry32. */
let state = Number(process.env['PHPACK_TEST_SEED'] ?? 1);
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n: number): number => Math.floor(random() * n);
const oneOf = <T>(all: readonly T[]): T => all[below(all.length)]!;

const requests = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /stream/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET /big.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=1-5,9-9000\r\n\r\n',
  'GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: "x"\r\n\r\n',
  `POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`,
  'HEAD /sub HTTP/1.0\r\n\r\n',
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${`ffff\r\n${'y'.repeat(65_535)}\r\n`.repeat(4)}0\r\n\r\n`,
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n',
  `POST /stream/y HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'z'.repeat(100_000)}`,
  'GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
].map((text) => Buffer.from(text));
const noise = ['\r', '\n', '\r\n', ' ', '\0', ':', '%', '0', '\t', '\xff'];

function damage(bytes: Buffer): Buffer {
  let damaged = Buffer.from(bytes);
  for (let times = below(4); times > 0; times--) {
    const at = below(Math.min(damaged.length, 200) + 1);
    const [before, after] = [damaged.subarray(0, at), damaged.subarray(at)];
    const kind = below(3);
    if (kind === 0) damaged = Buffer.concat([before, after.subarray(1 + below(3))]);
    else if (kind === 1) damaged = damaged.subarray(0, below(damaged.length + 1));
    else damaged = Buffer.concat([before, Buffer.from(oneOf(noise), 'latin1'), after]);
  }
  return damaged;
}

/** Anything PHP may do, at any speed. */
function behave(exchange: FakeExchange, open: Set<FakeExchange>): void {
  const { sink } = exchange;
  open.add(exchange);
  exchange.onAbort = () => open.delete(exchange);
  const fate = below(10);
  if (fate > 4) return void setTimeout(() => write(exchange, below(60), open), below(20));
  open.delete(exchange);
  if (fate === 0) return sink.onFailure({ reason: 'crashed', signal: 11, script: 'x' });
  if (fate === 1) return exchange.answer(200, ['Content-Length', '3'], 'hello');
  if (fate === 2) return exchange.answer(204, []);
  exchange.answer(200, ['Content-Type', 'text/html'], 'hello');
}

function write(exchange: FakeExchange, pieces: number, open: Set<FakeExchange>): void {
  const { sink } = exchange;
  sink.onHead(200, []);
  let left = pieces;
  const run = (): void => {
    while (left-- > 0 && !exchange.isAborted) {
      if (!sink.onData(Buffer.alloc(below(70_000)))) return;
    }
    if (exchange.isAborted) return;
    open.delete(exchange);
    if (pieces % 5 === 0) sink.onFailure({ reason: 'crashed', signal: 11, script: 'x' });
    else sink.onEnd();
  };
  exchange.onResume = () => setImmediate(run);
  run();
}

async function visit(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: random() < 0.5 });
  socket.on('error', () => {});
  if (random() < 0.8) socket.resume();
  const sent = Array.from({ length: 1 + below(4) }, () => {
    const request = oneOf(requests);
    return random() < 0.5 ? damage(request) : request;
  });
  const bytes = Buffer.concat(sent);
  const step = oneOf([1e9, 1e9, 1e5, 7000, 97]);
  for (let at = 0; at < bytes.length && at < step * 50 && !socket.destroyed; at += step) {
    socket.write(bytes.subarray(at, at + step));
    if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, below(5)));
  }
  const parting = below(5);
  if (parting === 0) socket.resetAndDestroy();
  else if (parting === 1) socket.destroy();
  else if (parting === 2) socket.end();
  await new Promise((resolve) => setTimeout(resolve, below(100)));
  socket.destroy();
}

function openFilesOf(site: Site): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${fd}`);
      return file.startsWith(site.appRoot) || file.startsWith(site.spoolDir)
        ? [file]
        : [];
    } catch {
      return [];
    }
  });
}

test('whatever clients send and PHP does, every request and connection comes to an end', async () => {
  const open = new Set<FakeExchange>();
  const site = await startSite({
    files: {
      'public/index.php': '<?php',
      'public/a.txt': 'abc',
      'public/big.bin': Buffer.alloc(2_000_000),
      'public/sub/index.php': '<?php',
    },
    config: {
      http: {
        headersTimeoutMs: 800,
        bodyIdleTimeoutMs: 500,
        keepAliveTimeoutMs: 500,
        writeIdleTimeoutMs: 800,
        maxBodyBytes: 3_000_000,
        streamBodies: ['stream/**'],
      },
    },
    php: (exchange) => behave(exchange, open),
  });
  let visits = 1500;
  const visitors = Array.from({ length: 40 }, async () => {
    while (visits-- > 0) await visit(site.port);
  });
  await Promise.all(visitors);
  while (
    site.front.stats().connections > 0 ||
    open.size > 0 ||
    openFilesOf(site).length > 0
  ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const unexpected = site.log.filter(
    ({ level, message }) => level === 'error' && !message.startsWith('PHP worker'),
  );
  expect(unexpected).toEqual([]);
  expect((await get(site.port, '/a.txt')).body).toBe('abc');
  await site.close();
});
