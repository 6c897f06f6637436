import { expect, test } from 'vitest';
import { parseListenAddress } from '../../../../runtime/http/listen-address.ts';

test.each([
  ['127.0.0.1:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
  ['[::1]:8080', { kind: 'tcp', host: '::1', port: 8080 }],
  ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
  [':8080', { kind: 'any', port: 8080 }],
  ['*:8080', { kind: 'any', port: 8080 }],
  ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock', mode: 0o660 }],
  ['unix:/run/a.sock?mode=0666', { kind: 'unix', path: '/run/a.sock', mode: 0o666 }],
  ['unix:/run/a.sock?mode=600', { kind: 'unix', path: '/run/a.sock', mode: 0o600 }],
])('%s is understood', (spec, address) => {
  expect(parseListenAddress(spec)).toEqual({ ...address, spec });
});

test.each([
  '',
  '80',
  'a',
  'a:',
  'a:b',
  'a:65536',
  '::1:80',
  '[::1]',
  'a b:1',
  'unix:',
  'unix:a',
  'unix:/a?mode=9',
  'unix:/a?x=1',
  'http://a:1',
])('"%s" is refused', (spec) => {
  expect(() => parseListenAddress(spec)).toThrow(/listen address/);
});
