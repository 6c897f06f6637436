import { expect, test } from 'vitest';
import { fileOf, suiteOf } from '../../conformance/phpt/suites.ts';
import { compareVerdicts, countBySuite } from '../../conformance/phpt/verdicts.ts';
import { explanationOf, parseResultFile } from '../../conformance/phpt/verdicts.ts';

const text = `PASSED\t/php-src/ext/json/tests/a.phpt
FAILED\t/php-src/ext/json/tests/b.phpt
PASSED\t# ext/pdo_sqlite/tests/common.phpt: ext/pdo/tests/c.phpt
nonsense
`;

test('reads verdicts, also those of tests run through another one', () => {
  const verdicts = parseResultFile(text, '/php-src');
  expect([...verdicts]).toEqual([
    ['ext/json/tests/a.phpt', 'PASSED'],
    ['ext/json/tests/b.phpt', 'FAILED'],
    ['# ext/pdo_sqlite/tests/common.phpt: ext/pdo/tests/c.phpt', 'PASSED'],
  ]);
  const shared = [...verdicts.keys()].at(-1)!;
  expect(suiteOf(shared)).toBe('pdo_sqlite');
  expect(fileOf(shared)).toBe('ext/pdo_sqlite/tests/common.phpt');
  expect(suiteOf('ext/unknown/tests/x.phpt')).toBeUndefined();
});

test('a test that one side lacks differs, an equal failure does not', () => {
  const debian = new Map([
    ['ext/json/tests/a.phpt', 'PASSED'],
    ['ext/json/tests/b.phpt', 'FAILED'],
    ['ext/json/tests/c.phpt', 'SKIPPED'],
  ]);
  const ours = new Map([
    ['ext/json/tests/a.phpt', 'FAILED'],
    ['ext/json/tests/b.phpt', 'FAILED'],
  ]);
  const differences = compareVerdicts(debian, ours);
  expect(differences).toEqual([
    { test: 'ext/json/tests/a.phpt', debian: 'PASSED', ours: 'FAILED' },
    { test: 'ext/json/tests/c.phpt', debian: 'SKIPPED', ours: 'absent' },
  ]);
  expect(countBySuite(debian, ours)).toMatchObject([
    { suite: 'json', tests: 3, differences: 2 },
  ]);
});

test('an explanation holds for exactly the verdicts it names', () => {
  const known = [
    { test: 'ext/intl/tests/*', debian: 'SKIPPED', ours: 'PASSED', reason: 'newer ICU' },
  ];
  const seen = { test: 'ext/intl/tests/x.phpt', debian: 'SKIPPED', ours: 'PASSED' };
  expect(explanationOf(seen, known)?.reason).toBe('newer ICU');
  expect(explanationOf({ ...seen, ours: 'FAILED' }, known)).toBeUndefined();
  expect(explanationOf({ ...seen, test: 'ext/dom/tests/x.phpt' }, known)).toBeUndefined();
});
