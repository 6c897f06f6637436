import { describe, expect, test } from 'vitest';
import {
  extensionSets,
  extensions,
  extensionsOf,
} from '../../../static-php-build/extensions.ts';
import { withDependencies } from '../../../static-php-build/libraries.ts';

const names = (set: string) => extensionsOf(set).map((e) => e.name);

test('the full set has every extension of the promise', () => {
  const promised = `bcmath bz2 calendar ctype curl dom exif fileinfo filter ftp gd gettext
    gmp iconv intl mbstring mysqli mysqlnd opcache openssl pcntl pdo_mysql pdo_pgsql
    pdo_sqlite pgsql phar posix readline session shmop simplexml soap sockets sodium sqlite3
    sysvmsg sysvsem sysvshm tokenizer xml xmlreader xmlwriter xsl zip zlib ffi apcu igbinary
    redis`;
  expect(names('full')).toEqual(expect.arrayContaining(promised.split(/\s+/)));
});

test('every need of an extension is in the table, and in each set that has it', () => {
  for (const set of Object.keys(extensionSets)) {
    const has = new Set(names(set));
    for (const { name, needs = [] } of extensionsOf(set)) {
      for (const need of needs) expect(has.has(need), `${name} needs ${need}`).toBe(true);
    }
  }
});

test('a set gets what its members need without naming it', () => {
  expect(extensionSets['minimal']).not.toContain('pdo');
  expect(names('minimal')).toContain('pdo');
  expect(names('minimal')).not.toContain('intl');
});

test('extensions PHP cannot be built without are in every set', () => {
  for (const set of Object.keys(extensionSets)) {
    expect(names(set)).toEqual(expect.arrayContaining(['core', 'json', 'spl']));
  }
});

test('no extension is listed twice', () => {
  expect(new Set(extensions.map((e) => e.name)).size).toBe(extensions.length);
});

test('an unknown set is refused with the names of the known ones', () => {
  expect(() => extensionsOf('huge')).toThrow(/full, minimal/);
});

describe('the libraries of a set', () => {
  test('come after all they depend on', () => {
    const order = withDependencies(extensionsOf('full').flatMap((e) => e.libraries));
    const seen = new Set<string>();
    for (const { name, deps } of order) {
      for (const dep of deps) expect(seen.has(dep), `${name} before ${dep}`).toBe(true);
      seen.add(name);
    }
  });

  test('include what only other libraries need', () => {
    const order = withDependencies(['curl']).map((r) => r.name);
    expect(order).toEqual(expect.arrayContaining(['openssl', 'nghttp2', 'brotli']));
    expect(order.at(-1)).toBe('curl');
  });

  test('are refused by name when there is no recipe', () => {
    expect(() => withDependencies(['libxyz'])).toThrow(/libxyz/);
  });
});
