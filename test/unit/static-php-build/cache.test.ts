import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../static-php-build/cache.ts';

const ofHome = `${homedir()}/.cache/phpack`;

test.each([
  ['set', '/var/cache/me', '/var/cache/me/phpack'],
  ['unset', undefined, ofHome],
  ['empty', '', ofHome],
  ['relative', 'cache', ofHome],
])('with XDG_CACHE_HOME %s, the cache is where the specification says', (_, xdg, dir) => {
  expect(cacheRoot({ XDG_CACHE_HOME: xdg })).toBe(dir);
});

test('a cache where nothing can be stored is refused', () => {
  expect(() => cacheRoot({ XDG_CACHE_HOME: '/proc/x' })).toThrow('/proc/x/phpack');
});

test('no other source has a rule of its own', () => {
  const root = join(import.meta.dirname, '../../..');
  const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const readers = sources
    .trim()
    .split('\n')
    .filter((file) => !file.startsWith('test/unit/'))
    .filter((file) =>
      /env\S*XDG_CACHE_HOME|homedir\(\), '\.cache'/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );
  expect(readers).toEqual(['static-php-build/cache.ts']);
});
