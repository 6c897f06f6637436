import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Component, Manifest } from '../../../static-php-build/manifest.ts';
import { assertPinned, NotPinned } from '../../../static-php-build/pins.ts';
import { findSource } from '../../../static-php-build/sources.ts';

const dir = mkdtempSync(join(tmpdir(), 'phpack-pins-'));
afterAll(() => rmSync(dir, { recursive: true }));
const names = ['php', 'zlib'];
const elf = 'the ELF';

function component(name: string, change: Partial<Component> = {}): Component {
  const { version, licence, url, sha256, debian } = findSource(name);
  const facts = { name, version, licence, url, sha256, debianPackage: debian.package };
  return { ...facts, ...change };
}

/** Compares an ELF of these components, as `build.ts --locked` does. */
function check(components: readonly Component[], bytes = elf): Promise<void> {
  const sha256 = createHash('sha256').update(elf).digest('hex');
  const manifest = { components, php: { sha256 } } as Partial<Manifest>;
  const [php, libphp] = [join(dir, 'php'), join(dir, 'libphp.json')];
  writeFileSync(php, bytes);
  writeFileSync(libphp, JSON.stringify(manifest));
  return assertPinned(php, libphp, names);
}

const php = component('php');
const zlib = component('zlib');
const newer = component('php', { version: '8.4.99', sha256: 'a' });

test("the pinned sources are, also by the project's own file where Debian repacked it", async () => {
  await check([php, zlib]);
  const { urlPin } = findSource('zlib');
  if (typeof urlPin !== 'object') throw new Error('zlib has no file of its own');
  await check([php, { ...zlib, sha256: urlPin.sha256 }]);
});

test.each([
  ['a substitute', [newer, zlib], /php 8\.4\.99 \(a\) stands in for 8\.4/],
  ['other bytes', [php, { ...zlib, sha256: 'b' }], /zlib [\d.]+ \(b\) stands in for/],
  ['a source too few', [php], /zlib is missing/],
  ['one too many', [php, zlib, component('gmp')], /gmp .* is not part of it/],
])('%s is not', async (_, components, message) => {
  const failure = await check(components).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotPinned);
  expect(String(failure)).toMatch(message);
});

test('nor is an ELF that its libphp.json does not describe', async () => {
  await expect(check([php, zlib], 'another ELF')).rejects.toThrow(/is not the file that/);
});
