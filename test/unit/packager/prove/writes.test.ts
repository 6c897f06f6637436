import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LATEST_TIME } from '../../../../packager/payload/times.ts';
import { warnOfWrites } from '../../../../packager/prove/writes.ts';
import { temporaryTree } from '../tree.ts';

const version = `app/${'0'.repeat(64)}-abcdef01`;
const known = new Set(['index.php', 'data', 'data/a.sqlite', 'uploads']);

/** An unpacked app, and what else is in its tree. */
function unpacked(...more: string[]) {
  const tree = temporaryTree(
    Object.fromEntries(
      ['index.php', 'data/a.sqlite', ...more].map((path) => [
        `${version}/tree/${path}`,
        '',
      ]),
    ),
  );
  for (const path of ['index.php', 'data/a.sqlite']) {
    utimesSync(join(tree.root, version, 'tree', path), 0, LATEST_TIME - 1);
  }
  return tree;
}

test('an app that wrote nothing is not warned of', () => {
  using tree = unpacked();
  expect(warnOfWrites(tree.root, known, ['warning: something else'])).toBe(null);
});

test.runIf(process.geteuid!() === 0)('what root could write is named', () => {
  using tree = unpacked('cache/a/b.php', 'data/log.txt');
  const file = join(tree.root, version, 'tree/data/a.sqlite');
  utimesSync(file, LATEST_TIME, LATEST_TIME);
  const warning = warnOfWrites(tree.root, known, []);
  expect(warning).toMatch(/: cache, data\/\S+, data\/\S+; declare .* `writable`/);
  expect(warning).toContain('data/a.sqlite');
  expect(warning).toContain('data/log.txt');
});

test('what was refused is shown, without the directory of this try', () => {
  using tree = unpacked();
  const script = `${tree.root}/${version}/tree/index.php`;
  const line = `warning: PHP Warning:  mkdir(): Permission denied in ${script} on line 2`;
  expect(warnOfWrites(tree.root, known, ['warning: x', line])).toMatch(
    /`writable` in phpack\.json:\n {2}warning: .*Permission denied in index\.php on line 2$/,
  );
});
