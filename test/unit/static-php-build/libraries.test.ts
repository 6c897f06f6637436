import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeLibraries } from '../../../static-php-build/libraries.ts';

test('a library in the cache stays as it is when its copy is changed, by any of its names', () => {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-libraries-'));
  const lib = join(dir, 'cache/lib');
  mkdirSync(lib, { recursive: true });
  writeFileSync(join(lib, 'libncurses.a'), 'as built');
  symlinkSync('libncurses.a', join(lib, 'libcurses.a'));

  mergeLibraries(join(dir, 'sdk'), [
    { name: 'ncurses', hash: '', dir: join(dir, 'cache') },
  ]);
  writeFileSync(join(dir, 'sdk/lib/libcurses.a'), 'symbols hidden');

  expect(readFileSync(join(dir, 'sdk/lib/libncurses.a'), 'utf8')).toBe('symbols hidden');
  expect(readFileSync(join(lib, 'libncurses.a'), 'utf8')).toBe('as built');
  rmSync(dir, { recursive: true });
});
