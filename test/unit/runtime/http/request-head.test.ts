import { expect, test } from 'vitest';
import { filterHeaders, splitHost } from '../../../../runtime/http/request-head.ts';

test.each([
  ['a', 'a', ''],
  ['a.b:80', 'a.b', '80'],
  ['a_b-c.d.', 'a_b-c.d.', ''],
  ['127.0.0.1:8080', '127.0.0.1', '8080'],
  ['[::1]', '[::1]', ''],
  ['[::1]:80', '[::1]', '80'],
])('%s is the server %s with port "%s"', (authority, name, port) => {
  expect(splitHost(authority)).toEqual({ name, port });
});

test.each([
  '',
  'a:',
  'a:b',
  'a/b',
  'a@b',
  'a b',
  'a,b',
  '[',
  '[x]',
  '::1',
  'a:1:2',
  '.',
  '..',
  '.a',
  'a..b',
  'a\\b',
  'ä',
])('"%s" is no server', (authority) => {
  expect(splitHost(authority)).toBeNull();
});

test('headers without anything to leave out are not copied', () => {
  const headers = ['Host', 'a', 'X-Y', 'b'];
  expect(filterHeaders(headers, false, null)).toBe(headers);
});

test('the authority of the target replaces Host', () => {
  expect(filterHeaders(['X', '1', 'host', 'a'], false, 'b')).toEqual([
    'Host',
    'b',
    'X',
    '1',
  ]);
});
