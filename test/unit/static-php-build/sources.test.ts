import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { extensions } from '../../../static-php-build/extensions.ts';
import { recipes } from '../../../static-php-build/recipes/index.ts';
import { sources } from '../../../static-php-build/sources.ts';

const root = join(import.meta.dirname, '../../..');

test('every source is pinned by a whole SHA-256 and a size', () => {
  for (const { name, sha256, size } of sources) {
    expect(sha256, name).toMatch(/^[0-9a-f]{64}$/);
    expect(size, name).toBeGreaterThan(10_000);
  }
  expect(new Set(sources.map((s) => s.sha256)).size).toBe(sources.length);
});

test('a file that Debian repacked is pinned under its own address as well', () => {
  const repacked = sources.filter((s) => /dfsg|\+ds/.test(s.debian.file));
  expect(repacked.map((s) => s.name)).toContain('zlib');
  for (const { name, sha256, urlPin } of repacked) {
    if (urlPin === undefined || urlPin === 'none') throw new Error(`${name}: no urlPin`);
    expect(urlPin.sha256, name).toMatch(/^[0-9a-f]{64}$/);
    expect(urlPin.sha256, name).not.toBe(sha256);
  }
});

test('a stand-in can only be of the same release series', () => {
  for (const { name, version, series } of sources) {
    expect(version.startsWith(series), name).toBe(true);
  }
  const strict = ['php', 'openssl', 'icu', 'libpq'];
  const series = strict.map((n) => sources.find((s) => s.name === n)?.series);
  expect(series).toEqual(['8.4.', '3.5.', '76.', '17.']);
});

test('every source comes from its project over TLS and names its licence', () => {
  for (const { name, url, licence, licenceFile } of sources) {
    expect(new URL(url).protocol, name).toBe('https:');
    expect(licence, name).not.toBe('');
    expect(licenceFile, name).toMatch(/^[A-Za-z][\w./]*$/);
  }
});

test('no Debian mirror is named anywhere in the build', () => {
  const dir = join(root, 'static-php-build');
  for (const name of readdirSync(dir).filter((n) => n.endsWith('.ts'))) {
    expect(readFileSync(join(dir, name), 'utf8'), name).not.toMatch(/\w\.debian\.org/);
  }
});

test('each recipe and each external extension has exactly one source', () => {
  const external = extensions.flatMap((e) => e.source ?? []);
  const needed = ['php', ...external, ...recipes.map((r) => r.name)].toSorted();
  expect(sources.map((s) => s.name).toSorted()).toEqual(needed);
});

test('the documentation lists every source with its version and licence', () => {
  const text = readFileSync(join(root, 'docs/reference/libphp.md'), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => / (upstream|Debian, repacked): /.test(line));
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  const documented = cells.map(([, name, version, licence]) => [name, version, licence]);
  const actual = sources.map(({ name, version, licence }) => [name, version, licence]);
  expect(new Set(documented)).toEqual(new Set(actual));
  expect(documented).toHaveLength(actual.length);
});
