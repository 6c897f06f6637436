import { expect, test } from 'vitest';
import { compileGlobs } from '../../../../packager/project/glob.ts';
import { compileGlobs as compileForFront } from '../../../../contract/served/glob.ts';

const cases: readonly [glob: string, matches: string[], others: string[]][] = [
  ['*.php', ['a.php', '.php'], ['a.phpx', 'dir/a.php', 'aphp']],
  ['**/*.yml', ['a.yml', 'x/a.yml', 'x/y/a.yml'], ['a.yml/b', 'a.yaml']],
  ['dir/**', ['dir', 'dir/a', 'dir/a/b'], ['dirx', 'x/dir/a']],
  ['dir/', ['dir', 'dir/a'], ['dirx']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb']],
  ['{a,b/c}.{php,inc}{,~}', ['a.php', 'b/c.inc~'], ['b.php', 'a.inc~~', 'c.php']],
  ['{x,y{1,2}}', ['x', 'y1', 'y2'], ['y', 'x1']],
  ['[a-c]?', ['a1', 'cx'], ['d1', 'a', 'a/']],
  ['[!.]*', ['a', 'ab'], ['.a', '/']],
  ['a+b(1).php', ['a+b(1).php'], ['aab1.php']],
  ['sites/*/files/{php,css}', ['sites/default/files/php'], ['sites/files/php']],
  ['.*.sw[a-p]', ['.a.php.swp'], ['a.php.swp', '.a.swz']],
];

test.each(cases)('%s matches exactly what it says', (glob, matches, others) => {
  const isMatch = compileGlobs([glob]);
  expect(matches.filter((path) => !isMatch(path))).toEqual([]);
  expect(others.filter((path) => isMatch(path))).toEqual([]);
});

test.each(cases)(
  '%s means the same to the front of the product',
  (glob, matches, others) => {
    const pattern = compileForFront([glob])!;
    expect(matches.filter((path) => !pattern.test(path))).toEqual([]);
    expect(others.filter((path) => pattern.test(path))).toEqual([]);
  },
);

test.each(['a{b', 'a[b'])('%s is refused as malformed', (glob) => {
  expect(() => compileGlobs([glob])).toThrow(SyntaxError);
});
