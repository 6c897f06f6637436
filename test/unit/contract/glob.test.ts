import { describe, expect, test } from 'vitest';
import { toBinary } from '../../../contract/bytes.ts';
import { compileGlobs, compileTreeGlobs } from '../../../contract/glob.ts';
import { isHidden } from '../../../contract/served/never-served.ts';
import { PathRules } from '../../../contract/served/path-rules.ts';
import { createSelection } from '../../../packager/project/select.ts';
import { cacheControlRule } from '../../../runtime/http/static/cache-control.ts';
import { completeConfig } from '../runtime/payload/craft.ts';

const cases: readonly [glob: string, matches: string[], others: string[]][] = [
  ['*.php', ['a.php', '.php'], ['a.phpx', 'dir/a.php', 'aphp']],
  ['**/*.yml', ['a.yml', 'x/a.yml', 'x/y/a.yml'], ['a.yml/b', 'a.yaml']],
  ['dir/**', ['dir', 'dir/a', 'dir/a/b'], ['dirx', 'x/dir/a']],
  ['dir/', ['dir', 'dir/a'], ['dirx']],
  ['/dir/*', ['dir/a'], ['dir/a/b', 'dir']],
  ['**', ['a', 'any/thing'], []],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb']],
  ['**/**/b', ['b', 'x/b', 'x/y/b'], ['b/x', 'xb']],
  ['{a,b/c}.{php,inc}{,~}', ['a.php', 'b/c.inc~'], ['b.php', 'a.inc~~', 'c.php']],
  ['{x,y{1,2}}', ['x', 'y1', 'y2'], ['y', 'x1']],
  ['*.{js,{m,c}js}', ['x.js', 'x.cjs'], ['x.njs', 'x.']],
  ['a,b', ['a,b'], ['a', 'b']],
  ['a}', ['a}'], ['a']],
  ['a\\b', ['a\\b'], ['ab', 'a/b']],
  ['a?c', ['abc', 'a.c'], ['a/c', 'ac', 'abbc']],
  ['a.b', ['a.b'], ['axb']],
  ['a+(b)|^$', ['a+(b)|^$'], ['aab', '']],
  ['a+b(1).php', ['a+b(1).php'], ['aab1.php']],
  ['sites/*/files/{php,css}', ['sites/default/files/php'], ['sites/files/php']],
  ['sites/*/files/**', ['sites/default/files/a/b.php'], ['sites/default/file']],
  ['.*.sw[a-p]', ['.a.php.swp'], ['a.php.swp', '.a.swz']],
  // Classes: either mark negates, none reaches over a slash.
  ['[a-c]?', ['a1', 'cx'], ['d1', 'a', 'a/']],
  ['[ab]', ['a', 'b'], ['c', 'ab']],
  ['[!.]*', ['a', 'ab'], ['.a', '/']],
  ['[^a].php', ['b.php', '^.php'], ['a.php', '/.php']],
  ['[!a].php', ['b.php', '!.php'], ['a.php', '/.php']],
  ['[a^!].php', ['a.php', '^.php', '!.php'], ['b.php']],
  ['x[]]y', ['x]y'], ['xay']],
  ['x[!]]y', ['xay'], ['x]y']],
  ['x[.-0]y', ['x.y', 'x0y'], ['x/y']],
  ['x[&|~\\-]y', ['x&y', 'x|y', 'x~y', 'x\\y', 'x-y'], ['xay']],
  // A character is one, however many bytes it has.
  ['x?y', ['xäy', 'x€y', 'x😀y', 'xay'], ['xääy', 'xy', 'x/y']],
  ['x??y', ['xääy', 'xaby'], ['xäy', 'x€y', 'x😀y']],
  ['[ä-ü]', ['ä', 'ö'], ['a', 'ÿ']],
  ['[!ä]', ['ö', 'a'], ['ä', 'öö']],
  ['ü*', ['über', 'ü'], ['uber']],
];

const forms: Record<string, (glob: string, path: string) => boolean> = {
  'the engine': (glob, path) => compileGlobs([glob])(path),
  'exclude, of the packager': (glob, path) => {
    const selection = createSelection({
      config: { exclude: [glob], include: [], caches: [] },
      leaveOut: [],
      ownFiles: [],
      composer: null,
    });
    const candidate = { path, kind: 'symlink', absolute: `/${path}`, size: 0 } as const;
    return selection.decide(candidate, null) === 'exclude';
  },
  'http.cacheControl, of the front': (glob, path) =>
    cacheControlRule({ [glob]: 'found' })(toBinary(path)) === 'found',
};

describe.each(Object.entries(forms))('%s', (_, isMatch) => {
  test.each(cases)('%s matches exactly what it says', (glob, matches, others) => {
    expect(matches.filter((path) => !isMatch(glob, path))).toEqual([]);
    expect(others.filter((path) => isMatch(glob, path))).toEqual([]);
  });
});

describe.each(['deny', 'noPhp'] as const)('%s, of the front', (key) => {
  test.each(cases)(
    '%s closes what it matches and what is below',
    (glob, matches, others) => {
      const config = { ...completeConfig, [key]: [glob] };
      const rules = new PathRules(config, '', [], '');
      const mayRun = (path: string): boolean => rules.mayRun(`/${toBinary(path)}`);
      const closed = [...matches, ...matches.map((path) => `${path}/ö/x.php`)];
      expect(closed.filter(mayRun)).toEqual([]);
      const open = others.filter(
        (path) =>
          !isHidden(`/${path}`) && !matches.some((match) => path.startsWith(`${match}/`)),
      );
      expect(open.filter((path) => !mayRun(path))).toEqual([]);
    },
  );
});

test('a byte that is not UTF-8 is a character of its own', () => {
  const isFound = cacheControlRule({ 'x?y': 'found' });
  expect(isFound('x\xffy')).toBe('found');
  expect(isFound('x\xff\xfey')).toBeNull();
});

test('a tree glob holds for what is below', () => {
  const isMatch = compileTreeGlobs(['uploads', '**/*.d']);
  expect(['uploads', 'uploads/a/b', 'x/y.d/z'].filter((path) => !isMatch(path))).toEqual(
    [],
  );
  expect(isMatch('uploads2/a')).toBe(false);
  expect(compileTreeGlobs([])('')).toBe(false);
});

test.each([
  ['a{b', /brace is not closed/],
  ['a[b', /bracket is not closed/],
  ['[!]', /bracket is not closed/],
  ['a**b', /stands between slashes/],
  ['private/**.sql', /stands between slashes/],
  ['***', /stands between slashes/],
  ['x[z-a]', /\[z-a\] has a range/],
])('%s is refused as malformed', (glob, message) => {
  expect(() => compileGlobs([glob])).toThrow(message);
  expect(() => compileTreeGlobs([glob])).toThrow(SyntaxError);
});
