import { expect, test } from 'vitest';
import {
  candidates,
  compareVersions,
  findMirrors,
  parseAptSources,
  parseSourcesIndex,
  poolDirectory,
} from '../../../static-php-build/debian.ts';
import { findSource } from '../../../static-php-build/sources.ts';

const stanzas = `Types: deb
# a comment
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
`;

const lines = `
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] https://one.example/debian bookworm main contrib
deb-src https://one.example/debian bookworm main
deb https://packages.example/apt cloud-sdk-bookworm main
deb https://sec.example/debian-security bookworm-security main
`;

test('mirrors are read from both formats of the machine’s apt sources', () => {
  expect(findMirrors(parseAptSources('debian.sources', stanzas))).toEqual({
    main: ['http://mirror.example/debian'],
    security: ['http://mirror.example/debian-security'],
  });
  expect(findMirrors(parseAptSources('sources.list', lines))).toEqual({
    main: ['https://one.example/debian'],
    security: ['https://sec.example/debian-security'],
  });
});

test('a machine that is no Debian has no Debian mirror', () => {
  const ubuntu = 'deb http://archive.example/ubuntu noble main\n';
  const entries = parseAptSources('sources.list', ubuntu);
  expect(findMirrors(entries)).toEqual({ main: [], security: [] });
});

test('the pool sorts libraries by their fourth letter', () => {
  expect(poolDirectory('php8.4')).toBe('pool/main/p/php8.4');
  expect(poolDirectory('libzip')).toBe('pool/main/libz/libzip');
});

const sum = 'a'.repeat(64);
const index = `Package: php8.4
Version: 8.4.9-1
Directory: pool/main/p/php8.4
Checksums-Sha256:
 ${sum} 13000000 php8.4_8.4.9.orig.tar.xz
 ${sum} 833 php8.4_8.4.9.orig.tar.xz.asc
 ${sum} 70000 php8.4_8.4.9-1.debian.tar.xz

Package: php8.4
Version: 8.4.27-1~deb13u1
Directory: pool/updates/main/p/php8.4
Checksums-Sha256:
 ${sum} 13862944 php8.4_8.4.27.orig.tar.xz

Package: php8.4-imagick
Version: 1
Directory: pool/main/p/php8.4-imagick
Checksums-Sha256:
 ${sum} 5 php8.4-imagick_1.orig.tar.xz
`;

test('only upstream tarballs of that very package are taken from an index', () => {
  const found = parseSourcesIndex(index, 'php8.4', 'http://m.example/debian');
  expect(found.map((f) => f.uri)).toEqual([
    'http://m.example/debian/pool/main/p/php8.4/php8.4_8.4.9.orig.tar.xz',
    'http://m.example/debian/pool/updates/main/p/php8.4/php8.4_8.4.27.orig.tar.xz',
  ]);
  expect(found[1]).toMatchObject({ version: '8.4.27', size: 13862944, sha256: sum });
});

test('the newest version of the series comes first, and no other series at all', () => {
  const next = index.replaceAll('8.4.27', '8.5.1');
  const both = [
    { base: 'a', text: index },
    { base: 'b', text: next },
  ];
  const versions = candidates(findSource('php'), both).map((f) => f.version);
  expect(versions).toEqual(['8.4.27', '8.4.9', '8.4.9']);
});

test('what repacking adds is no part of a version', () => {
  const text = `Package: zlib
Directory: pool/main/z/zlib
Checksums-Sha256:
 ${sum} 9 zlib_1.3.dfsg+really1.3.1.orig.tar.gz
 ${sum} 9 zlib_1.2.13.dfsg.orig.tar.bz2
`;
  const versions = parseSourcesIndex(text, 'zlib', 'x').map((f) => f.version);
  expect(versions).toEqual(['1.3.1', '1.2.13']);
});

test('versions compare by their numbers', () => {
  expect(compareVersions('8.4.9', '8.4.27')).toBeLessThan(0);
  expect(compareVersions('3.10', '3.9')).toBeGreaterThan(0);
});
