import { expect, test } from 'vitest';
import {
  encodePath,
  normalizePath,
  parseTarget,
} from '../../../../runtime/http/target.ts';

test.each([
  ['/', '/', '', null],
  ['/a?b?c', '/a', 'b?c', null],
  ['/a?', '/a', '', null],
  ['http://h/a?b', '/a', 'b', 'h'],
  ['HTTPS://h:1?b', '/', 'b', 'h:1'],
  ['http://h', '/', '', 'h'],
])('the target %s has path %s and query "%s"', (target, rawPath, query, authority) => {
  expect(parseTarget(target)).toMatchObject({ rawPath, query, authority });
});

test.each(['', '*', 'a', 'ftp://h/', 'http:///a', 'http:a', '/a#b', 'http://h/#'])(
  '"%s" is no target',
  (target) => {
    expect(parseTarget(target)).toBeNull();
  },
);

test.each([
  ['/a/b', '/a/b', -1],
  ['//a///b//', '/a/b/', -1],
  ['/./a/./', '/a/', -1],
  ['/a/../b', '/b', -1],
  ['/a/..', '/', -1],
  ['/a/b/../', '/a/', -1],
  ['/%61%2E%20', '/a. ', -1],
  ['/a%2Fb/c%2fd', '/a/b/c/d', 2],
  ['/x/a%2Fb', '/x/a/b', 4],
  ['/%252e%252e', '/%2e%2e', -1],
  ['/.../..a/.b', '/.../..a/.b', -1],
])('%s names %s', (raw, path, encodedSlashAt) => {
  expect(normalizePath(raw)).toEqual({ path, encodedSlashAt });
});

test.each([
  '/..',
  '/a/../..',
  '/%2e%2E',
  '/%',
  '/%4',
  '/%4g',
  '/%00',
  '/..%2f',
  '/a%2f..',
  '/%2e%2e%2fa',
])('%s is ambiguous', (raw) => {
  expect(normalizePath(raw)).toBeNull();
});

test('an encoded path decodes to itself, whatever bytes are in it', () => {
  for (let byte = 1; byte < 256; byte++) {
    if (byte === 47) continue;
    const path = `/x${String.fromCharCode(byte)}y`;
    const encoded = encodePath(path);
    expect(encoded).toMatch(/^[\x21-\x7e]+$/);
    expect(encoded).not.toMatch(/[?#\\"<>]/);
    expect(normalizePath(encoded)?.path).toBe(path);
  }
});
