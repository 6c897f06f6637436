import { expect, test } from 'vitest';
import { checkRequestHead, ResponseHeads } from '../../../../runtime/php/head.ts';
import type { PhpRequestHead } from '../../../../runtime/php/types.ts';

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('');

test('response headers keep their order, their case and their duplicates', () => {
  const block = lines(
    'X-B: 1',
    'set-cookie: a=1; path=/',
    'Set-Cookie: b',
    'X-A:2',
    'X-E:',
  );
  const { status, headers, problems } = new ResponseHeads().parse(404, block);
  expect(status).toBe(404);
  expect(headers.join('|')).toBe('X-B|1|set-cookie|a=1; path=/|Set-Cookie|b|X-A|2|X-E|');
  expect(problems).toEqual([]);
});

test('bytes above 127 pass unchanged', () => {
  const { headers } = new ResponseHeads().parse(200, lines('X-Name: caf\xe9 \xff'));
  expect(headers).toEqual(['X-Name', 'caf\xe9 \xff']);
});

test.each([
  'Bad name: 1',
  'Bad\x00: 1',
  ': 1',
  'none',
  'X: a\x00b',
  'X: a\nY: b',
  'X: a\rb',
])('an invalid line is dropped and reported: %j', (line) => {
  const parsed = new ResponseHeads().parse(200, lines('A: 1', line, 'B: 2'));
  expect(parsed.headers).toEqual(['A', '1', 'B', '2']);
  expect(parsed.problems).toHaveLength(1);
});

test('the reason phrase of a script’s own status line is told apart from headers', () => {
  const block = lines('Status: 404 Nope, caf\xe9', 'A: 1');
  const heads = new ResponseHeads();
  const parsed = heads.parse(404, block);
  expect(parsed).toMatchObject({
    reason: 'Nope, caf\xe9',
    headers: ['A', '1'],
    problems: [],
  });
  expect(heads.parse(500, block).reason).toBe('');
  expect(heads.parse(404, lines('Status: 404', 'A: 1')).reason).toBe('');
  expect(heads.parse(404, lines('Status: 404 a\x01b', 'A: 1')).reason).toBe('');
});

test('headers about the connection are the front’s business', () => {
  const block = lines(
    'Transfer-Encoding: chunked',
    'connection: close',
    'Keep-Alive: timeout=5',
    'Upgrade: h2c',
    'Status: 404 Not Found',
    'Trailer: X',
    'Content-Length: 3',
  );
  const { headers, problems } = new ResponseHeads().parse(200, block);
  expect(headers).toEqual(['Content-Length', '3']);
  expect(problems).toEqual([]);
});

test.each([0, 99, 100, 103, 199, 1000, -1])('status %i is sent as 500', (status) => {
  const parsed = new ResponseHeads().parse(status, '');
  expect(parsed.status).toBe(500);
  expect(parsed.problems).toHaveLength(1);
});

test('a block that comes again is not parsed again, unless its status differs', () => {
  const heads = new ResponseHeads();
  const block = lines('A: 1');
  const first = heads.parse(200, block);
  expect(heads.parse(200, lines('A: 1'))).toBe(first);
  expect(heads.parse(404, block).status).toBe(404);
  expect(heads.parse(200, block).status).toBe(200);
});

test('the cache of parsed heads does not grow without end', () => {
  const heads = new ResponseHeads(2);
  const first = heads.parse(200, lines('A: 1'));
  heads.parse(200, lines('A: 2'));
  heads.parse(200, lines('A: 3'));
  expect(heads.parse(200, lines('A: 1'))).not.toBe(first);
});

test('a path with a NUL never reaches PHP', () => {
  const head = { pathInfo: '/a\0b', scriptName: '', scriptFilename: '' };
  expect(() => checkRequestHead(head as PhpRequestHead)).toThrow(TypeError);
});
