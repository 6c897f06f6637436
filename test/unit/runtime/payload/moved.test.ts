import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { prepareDataDir } from '../../../../runtime/payload/data-dir.ts';
import { findMovedPlaces } from '../../../../runtime/payload/moved.ts';
import { populate } from '../../../../runtime/payload/populate.ts';
import { isPopulated, parseWritable } from '../../../../runtime/payload/writable.ts';

const root = mkdtempSync(join(tmpdir(), 'phpack-moved-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
/** `<data>/var` */
let variable: string;
/** Stands for another disk. */
let disk: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'case-'));
  prepareDataDir(join(dir, 'data'));
  variable = join(dir, 'data/var');
  disk = join(dir, 'disk');
  mkdirSync(join(disk, 'up'), { recursive: true, mode: 0o755 });
});

const find = (...writable: string[]) =>
  findMovedPlaces(variable, parseWritable(writable));
const refused = (code: string) => expect.objectContaining({ code });
const isRoot = process.geteuid!() === 0;

test('a link to a directory of ours is found, also above a writable path', () => {
  symlinkSync('../../disk/up', join(variable, 'up'));
  symlinkSync(disk, join(variable, 'sites'));
  expect(find('up/', 'sites/a/files/', 'other/', 'sites/local.php')).toEqual([
    { path: 'sites', target: disk },
    { path: 'up', target: join(disk, 'up') },
  ]);
});

test('the initial content goes through it, and an upgrade adds to it', async () => {
  symlinkSync(join(disk, 'up'), join(variable, 'up'));
  const home = { variable, seed: join(dir, 'seed'), seededList: join(dir, 'list') };
  const put = (path: string, content: string): void => {
    mkdirSync(join(home.seed, path, '..'), { recursive: true });
    writeFileSync(join(home.seed, path), content);
  };
  put('up/first.txt', '1');
  const paths = parseWritable(['up/']);
  await populate(home, paths);
  put('up/first.txt', '2');
  put('up/deep/second.txt', '2');
  await populate(home, paths);
  expect(readFileSync(join(disk, 'up/first.txt'), 'utf8')).toBe('1');
  expect(readFileSync(join(disk, 'up/deep/second.txt'), 'utf8')).toBe('2');
  expect(isPopulated(variable, paths, home.seed)).toBe(true);
});

test('a missing path below it is made in one step there', async () => {
  symlinkSync(disk, join(variable, 'sites'));
  const seed = join(dir, 'seed');
  mkdirSync(join(seed, 'sites/files'), { recursive: true });
  writeFileSync(join(seed, 'sites/files/a'), 'a');
  const home = { variable, seed, seededList: join(dir, 'list') };
  await populate(home, parseWritable(['sites/files/']));
  expect(existsSync(join(disk, 'files/a'))).toBe(true);
});

test('a disk that is not mounted is an error, and nothing is made', () => {
  symlinkSync(join(disk, 'missing'), join(variable, 'up'));
  expect(() => find('up/')).toThrow(refused('PHPACK_E_WRITABLE_PATH'));
  writeFileSync(join(disk, 'missing'), '');
  expect(() => find('up/')).toThrow(/which is not a directory/);
});

test.each([0o777, 0o775, 0o1777])('a target of mode %o is refused', (mode) => {
  symlinkSync(join(disk, 'up'), join(variable, 'up'));
  chmodSync(join(disk, 'up'), mode);
  expect(() => find('up/')).toThrow(refused('PHPACK_E_DATA_DIR_UNSAFE'));
});

test('so is one below a directory that others may write', () => {
  symlinkSync(join(disk, 'up'), join(variable, 'up'));
  chmodSync(disk, 0o777);
  expect(() => find('up/')).toThrow(/disk, which others may write/);
});

test.runIf(isRoot)("so are others' targets, and links of others on the way", () => {
  symlinkSync(join(disk, 'up'), join(variable, 'up'));
  chownSync(join(disk, 'up'), 65534, 65534);
  expect(() => find('up/')).toThrow(refused('PHPACK_E_DATA_DIR_UNSAFE'));
  chownSync(join(disk, 'up'), 0, 0);
  chownSync(disk, 65534, 65534);
  expect(() => find('up/')).toThrow(/belongs to uid 65534/);
});

test('var as a whole may be a link; other directories of ours may not', () => {
  rmSync(variable, { recursive: true });
  symlinkSync(join(disk, 'up'), variable);
  prepareDataDir(join(dir, 'data'));
  chmodSync(join(disk, 'up'), 0o777);
  expect(() => prepareDataDir(join(dir, 'data'))).toThrow(
    refused('PHPACK_E_DATA_DIR_UNSAFE'),
  );
});
