import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { Wire } from '../../../../runtime/http/wire.ts';

const urlOf = (head: string): string => /^\s*\S+\s+(\S+)/.exec(head)![1]!;

function parsed(head: string): IncomingMessage {
  const headers: Record<string, string> = {};
  for (const [, name, value] of head.matchAll(/^([\w-]+): (.*)\r$/gm)) {
    headers[name!.toLowerCase()] = value!;
  }
  return {
    method: 'GET',
    url: urlOf(head),
    httpVersion: '1.1',
    headers,
  } as unknown as IncomingMessage;
}

/** The pieces a parser would get of `text` that arrives in packets of `size`. */
function cut(text: string, size: number): { pieces: string[]; plain: boolean[] } {
  const wire = new Wire();
  const pieces: string[] = [];
  const plain: boolean[] = [];
  let message = '';
  for (let from = 0; from < text.length; from += size) {
    const bytes = Buffer.from(text.slice(from, from + size), 'latin1');
    for (let at = 0; at < bytes.length; ) {
      const end = wire.advance(bytes, at);
      message += bytes.toString('latin1', at, end);
      at = end;
      if (message.endsWith('\r\n\r\n') && plain.length === pieces.length) {
        plain.push(wire.confirmHead(parsed(message)));
      }
      if (!wire.isAtBorder) continue;
      if (message.trim() !== '') pieces.push(message);
      message = '';
    }
    wire.release();
  }
  return { pieces, plain };
}

const sizes = [1, 2, 3, 7, 64, 100_000];

test.each(sizes)('messages are told apart, in packets of %i bytes', (size) => {
  const messages = [
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /2 HTTP/1.1\r\nContent-Length: 7\r\n\r\n\r\n\r\nabc',
    'GET /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '4;x=y\r\n\r\n\r\n\r\n00a\r\n0123456789\r\n0\r\nX: y\r\n\r\n',
    'GET /4 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET /5 HTTP/1.1\r\n\r\n',
  ];
  const { pieces, plain } = cut(messages.join(''), size);
  expect(pieces).toEqual(messages);
  expect(plain).toEqual([true, true, true, true, true]);
});

test.each(sizes)('empty lines before a head are nothing, by %i', (size) => {
  const { plain } = cut(
    '\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    size,
  );
  expect(plain).toEqual([true, true]);
});

test.each([
  '\nGET / HTTP/1.1\r\n\r\n',
  '\rGET / HTTP/1.1\r\n\r\n',
  '\r\n\rGET / HTTP/1.1\r\n\r\n',
  'GET  / HTTP/1.1\r\n\r\n',
  'GET / RTSP/1.0\r\n\r\n',
])('%j is no plain head', (head) => {
  for (const size of sizes) expect(cut(head, size).plain).toEqual([false]);
});

test('a line in a chunked body is not taken for the request line behind it', () => {
  const chunked = 'GET /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  const decoy = 'GET /2 HTTP/1.1\r\n';
  const body = `${decoy.length.toString(16)}\r\n${decoy}\r\n0\r\n\r\n`;
  for (const size of sizes) {
    const { plain } = cut(`${chunked}${body}GET  /2 HTTP/1.1\r\n\r\n`, size);
    expect(plain).toEqual([true, false]);
  }
});

test.each([
  '1\na\r\n0\r\n\r\n',
  'x\r\n',
  '1\r\nab\r\n0\r\n\r\n',
  '0\r\n\n',
  '0\r\nX\n\r\n',
])('a body of chunks that is not exactly one has no end: %j', (body) => {
  const wire = new Wire();
  const head = 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  const bytes = Buffer.from(`${head}${body}GET / HTTP/1.1\r\n\r\n`);
  expect(wire.advance(bytes, 0)).toBe(head.length);
  wire.confirmHead(parsed(head));
  expect(wire.advance(bytes, head.length)).toBe(bytes.length);
  // Should a parser find a request in it all the same, it is refused.
  expect(wire.confirmHead(parsed('GET / HTTP/1.1\r\n\r\n'))).toBe(false);
});

test('the parser gets no more than some chunks at once', () => {
  const wire = new Wire();
  const head = 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';
  const bytes = Buffer.from(`${head}${'1\r\nx\r\n'.repeat(1000)}0\r\n\r\n`);
  let at = wire.advance(bytes, 0);
  wire.confirmHead(parsed(head));
  let turns = 0;
  while (!wire.isAtBorder) {
    at = wire.advance(bytes, at);
    turns++;
    expect(wire.hasPaused).toBe(!wire.isAtBorder);
  }
  expect([at, turns]).toEqual([bytes.length, 16]);
});
