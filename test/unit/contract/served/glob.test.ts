import { expect, test } from 'vitest';
import { compileGlob, compileTreeGlobs } from '../../../../contract/served/glob.ts';

test.each([
  ['*.css', 'a.css', true],
  ['*.css', 'b/a.css', false],
  ['**/*.css', 'a.css', true],
  ['**/*.css', 'b/c/a.css', true],
  ['/a/*', 'a/b', true],
  ['a/*', 'a/b/c', false],
  ['a/**', 'a/b/c', true],
  ['a/**', 'a', true],
  ['a/**', 'ab', false],
  ['a/', 'a/b', true],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['**', 'any/thing', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['{a,b}.txt', 'b.txt', true],
  ['{a,b}.txt', 'c.txt', false],
  ['*.{js,{m,c}js}', 'x.cjs', true],
  ['[ab]', 'b', true],
  ['[!ab]', 'b', false],
  ['[!ab]', '/', false],
  ['[a-c]x', 'bx', true],
  ['a.b', 'axb', false],
  ['a+(b)|^$', 'a+(b)|^$', true],
  ['a,b', 'a,b', true],
  ['a}', 'a}', true],
  ['a\\b', 'a\\b', true],
  ['ü*', Buffer.from('über').toString('latin1'), true],
  ['sites/*/files/**', 'sites/default/files/a/b.php', true],
])('%s on %s: %s', (glob, path, matches) => {
  expect(compileGlob(glob).test(path)).toBe(matches);
});

test('a tree glob holds for what is below', () => {
  const globs = compileTreeGlobs(['uploads', '**/*.d'])!;
  expect(globs.test('uploads')).toBe(true);
  expect(globs.test('uploads/a/b')).toBe(true);
  expect(globs.test('uploads2/a')).toBe(false);
  expect(globs.test('x/y.d/z')).toBe(true);
  expect(compileTreeGlobs([])).toBeNull();
});
