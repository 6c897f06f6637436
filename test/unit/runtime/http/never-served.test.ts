import { expect, test } from 'vitest';
import { isHidden, isNeverServed } from '../../../../runtime/http/never-served.ts';

test.each([
  'a.php',
  'a.PHP.bak',
  'a.phtml',
  'a.inc',
  'a~',
  'composer.json',
  'a.sql.gz',
  'a.php. ',
])('%s is never served', (name) => {
  expect(isNeverServed(name)).toBe(true);
});

test.each(['a.html', 'a.php.js', 'php', 'incoming', 'a.incl', 'sql.html', 'a~b', ''])(
  '%s may be served',
  (name) => {
    expect(isNeverServed(name)).toBe(false);
  },
);

test.each([
  ['/.env', true],
  ['/a/.b/c', true],
  ['/.well-known/x', false],
  ['/.well-known/.x', true],
  ['/.well-known', true],
  ['/a/.well-known/x', true],
  ['/a.b/c.', false],
])('%s is hidden: %s', (path, hidden) => {
  expect(isHidden(path)).toBe(hidden);
});
