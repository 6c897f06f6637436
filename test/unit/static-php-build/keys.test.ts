import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extensionsOf } from '../../../static-php-build/extensions.ts';
import {
  type FetchedSource,
  planLibraries,
} from '../../../static-php-build/libraries.ts';
import { linkDirectory, type LinkOptions } from '../../../static-php-build/link.ts';
import { recipes } from '../../../static-php-build/recipes/index.ts';
import { findTarget } from '../../../static-php-build/targets.ts';
import type { Toolchain } from '../../../static-php-build/toolchain.ts';

const tool = (hash: string): Toolchain => ({
  cc: 'cc',
  cxx: 'c++',
  ar: 'ar',
  ranlib: 'ranlib',
  libtool: 'libtool',
  strip: 'strip',
  bin: '/bin',
  versions: { gcc: '12', zig: '0.16' },
  hash,
});

function fetchedSources(change: Record<string, string> = {}): Map<string, FetchedSource> {
  const names = ['php', ...recipes.map((r) => r.name)];
  const entry = (name: string): [string, FetchedSource] => [
    name,
    { name, version: '1', path: '/x', sha256: change[name] ?? 'a' },
  ];
  return new Map(names.map(entry));
}

describe('a library is built again when', () => {
  const all = recipes.map((r) => r.name);
  const plan = (change?: Record<string, string>, tools = tool('t'), cache = '/cache') =>
    planLibraries(all, { cache, fetched: fetchedSources(change), tools });
  const changed = (other: ReturnType<typeof plan>) =>
    [...plan()].filter(([n, { hash }]) => other.get(n)?.hash !== hash).map(([n]) => n);

  test('nothing changed: not at all', () => {
    expect(changed(plan())).toEqual([]);
  });

  test('its source changed, with those that depend on it', () => {
    expect(changed(plan({ zstd: 'b' }))).toEqual(['zstd', 'curl']);
  });

  test('the compilers or their flags changed: all of them', () => {
    expect(changed(plan({}, tool('u')))).toHaveLength(all.length);
  });

  test('not because the cache is elsewhere', () => {
    const elsewhere = plan({}, tool('t'), '/other');
    expect(changed(elsewhere)).toEqual([]);
    expect(elsewhere.get('zlib')?.dir).toMatch(/^\/other\/lib\/zlib-/);
  });
});

describe('the ELF is linked again when', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'phpack-keys-'));
    mkdirSync(join(dir, 'sapi'));
    mkdirSync(join(dir, 'include'));
    writeFileSync(join(dir, 'sapi/main.c'), 'int main(void) { return 0; }\n');
    writeFileSync(join(dir, 'include/layout.h'), '#define SLOTS 64\n');
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });
  const options = (change: Partial<LinkOptions> = {}): LinkOptions => ({
    target: findTarget('linux-x64-gnu'),
    tools: tool('t'),
    cache: '/cache',
    set: 'minimal',
    sdk: '/cache/libphp/abc',
    sapiDir: join(dir, 'sapi'),
    includeDirs: [join(dir, 'include')],
    extensions: extensionsOf('minimal'),
    libraries: ['zlib'],
    fetched: fetchedSources(),
    privatePaths: [],
    ...change,
  });

  test('a C file or a header changed', () => {
    const before = linkDirectory(options());
    expect(linkDirectory(options())).toBe(before);
    writeFileSync(join(dir, 'include/layout.h'), '#define SLOTS 128\n');
    const after = linkDirectory(options());
    expect(after).not.toBe(before);
    writeFileSync(join(dir, 'sapi/main.c'), 'int main(void) { return 1; }\n');
    expect(linkDirectory(options())).not.toBe(after);
  });

  test('another kind of file there changed: not at all', () => {
    const before = linkDirectory(options());
    writeFileSync(join(dir, 'sapi/NOTES.md'), 'notes\n');
    expect(linkDirectory(options())).toBe(before);
  });

  test('the SDK, the set or a version in the manifest changed', () => {
    const before = linkDirectory(options());
    const others = [{ sdk: '/cache/libphp/def' }, { set: 'full' }];
    for (const other of others) expect(linkDirectory(options(other))).not.toBe(before);
    const newer = options({ fetched: fetchedSources({ zlib: 'b' }) });
    expect(linkDirectory(newer)).not.toBe(before);
  });
});
