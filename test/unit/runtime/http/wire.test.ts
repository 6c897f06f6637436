import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { Wire } from '../../../../runtime/http/wire.ts';

function parsed(url: string, headers: Record<string, string> = {}): IncomingMessage {
  return {
    method: 'GET',
    url,
    httpVersion: '1.1',
    headers,
  } as unknown as IncomingMessage;
}

test('a head in one piece, in many, and behind an empty line is plain', () => {
  const head = '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n';
  for (const size of [1, 3, 1000]) {
    const wire = new Wire();
    for (let at = 0; at < head.length; at += size) {
      wire.push(Buffer.from(head.slice(at, at + size)), false);
    }
    expect(wire.hasPlainRequestLine(parsed('/'))).toBe(true);
    expect(wire.pendingBytes).toBe(0);
  }
});

test.each([
  '\nGET / HTTP/1.1\r\n\r\n',
  'GET  / HTTP/1.1\r\n\r\n',
  'GET / RTSP/1.0\r\n\r\n',
])('%j is not', (head) => {
  const wire = new Wire();
  wire.push(Buffer.from(head), false);
  expect(wire.hasPlainRequestLine(parsed('/'))).toBe(false);
});

test('a body is not taken for a head, nor a head for a body', () => {
  const wire = new Wire();
  const post = 'GET /1 HTTP/1.1\r\nContent-Length: 20\r\n\r\n';
  wire.push(Buffer.from(`${post}0123456789`), false);
  expect(wire.hasPlainRequestLine(parsed('/1', { 'content-length': '20' }))).toBe(true);
  wire.push(Buffer.from('0123456789GET /2 HT'), true);
  wire.push(Buffer.from('TP/1.1\r\n\r\nGET  /3 HTTP/1.1\r\n\r\n'), false);
  expect(wire.hasPlainRequestLine(parsed('/2'))).toBe(true);
  expect(wire.hasPlainRequestLine(parsed('/3'))).toBe(false);
});

test('behind a chunked body a head is found wherever the body ended', () => {
  const wire = new Wire();
  const chunked = { 'transfer-encoding': 'chunked' };
  wire.push(Buffer.from('GET /1 HTTP/1.1\r\n\r\n1\r\na'), false);
  expect(wire.hasPlainRequestLine(parsed('/1', chunked))).toBe(true);
  wire.push(Buffer.from('\r\n0\r\n\r\nGET /2 HTTP/1.1'), true);
  wire.push(Buffer.from('\r\n\r\n'), false);
  expect(wire.hasPlainRequestLine(parsed('/2'))).toBe(true);
});
