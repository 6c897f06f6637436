import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { chooseDataDir, prepareDataDir } from '../../../../runtime/payload/data-dir.ts';

const root = mkdtempSync(join(tmpdir(), 'phpack-data-'));
afterAll(() => rmSync(root, { recursive: true }));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(root, 'case-'));
});

const nothing = { flag: undefined, env: {}, cwd: '/here', name: 'erp', uid: 1000 };
const home = { HOME: '/home/ada' };

test.each([
  ['--data-dir, relative', { flag: 'd', env: { PHPACK_DATA_DIR: '/e' } }, '/here/d'],
  ['PHPACK_DATA_DIR', { env: { PHPACK_DATA_DIR: '/e', STATE_DIRECTORY: '/s' } }, '/e'],
  ["systemd's first state directory", { env: { STATE_DIRECTORY: '/s:/t' } }, '/s'],
  ['XDG_DATA_HOME', { env: { ...home, XDG_DATA_HOME: '/x' } }, '/x/erp'],
  ['HOME', { env: home }, '/home/ada/.local/share/erp'],
  [
    'a relative XDG_DATA_HOME is ignored',
    { env: { ...home, XDG_DATA_HOME: 'x' } },
    /^\/home/,
  ],
  ['root', { uid: 0, env: {} }, '/var/lib/erp'],
  ["root after sudo, with the user's HOME", { uid: 0, env: home }, '/var/lib/erp'],
  ['a name with spaces', { uid: 0, env: {}, name: '../My App!' }, '/var/lib/My-App-'],
])('the data directory by %s', (_, given, expected) => {
  const { path } = chooseDataDir({ ...nothing, ...given });
  if (typeof expected === 'string') expect(path).toBe(expected);
  else expect(path).toMatch(expected);
});

test('an empty --data-dir is not the working directory', () => {
  expect(() => chooseDataDir({ ...nothing, flag: '' })).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_CONFIG' }),
  );
});

test.each(['a:b', 'a;b', 'a\nb', 'a\x7f', 'caf\udce9'])(
  'a name that PHP could not be told is refused before anything is made: %j',
  (name) => {
    expect(() => prepareDataDir(join(dir, name, 'data'))).toThrow(
      expect.objectContaining({ code: 'PHPACK_E_DATA_DIR_NAME' }),
    );
    expect(readdirSync(dir)).toEqual([]);
  },
);

test('it is made private, with all that is in it', () => {
  const path = join(dir, 'a/b/data');
  prepareDataDir(path);
  prepareDataDir(path);
  for (const name of ['', 'app', 'tmp', 'sessions', '../../b']) {
    expect(statSync(join(path, name)).mode & 0o777).toBe(0o700);
  }
});

const unsafe = expect.objectContaining({ code: 'PHPACK_E_DATA_DIR_UNSAFE' });

test.each([0o770, 0o707, 0o777, 0o720])('mode %o is refused', (mode) => {
  const path = join(dir, 'data');
  mkdirSync(path);
  chmodSync(path, mode);
  expect(() => prepareDataDir(path)).toThrow(unsafe);
});

test('a subdirectory that others may write is refused', () => {
  prepareDataDir(join(dir, 'data'));
  chmodSync(join(dir, 'data/bin'), 0o777);
  expect(() => prepareDataDir(join(dir, 'data'))).toThrow(unsafe);
});

test('a link in place of the directory, or of one in it, is refused', () => {
  mkdirSync(join(dir, 'real'));
  symlinkSync('real', join(dir, 'data'));
  expect(() => prepareDataDir(join(dir, 'data'))).toThrow(unsafe);
  rmSync(join(dir, 'data'));
  prepareDataDir(join(dir, 'data'));
  rmSync(join(dir, 'data/app'), { recursive: true });
  symlinkSync('../real', join(dir, 'data/app'));
  expect(() => prepareDataDir(join(dir, 'data'))).toThrow(unsafe);
});

test('a directory above that others may write is refused, unless it is sticky', () => {
  mkdirSync(join(dir, 'shared'));
  chmodSync(join(dir, 'shared'), 0o777);
  expect(() => prepareDataDir(join(dir, 'shared/data'))).toThrow(/shared, which others/);
  chmodSync(join(dir, 'shared'), 0o1777);
  prepareDataDir(join(dir, 'shared/data'));
});

test('an own link above it is followed and what it leads to is checked', () => {
  mkdirSync(join(dir, 'open'));
  symlinkSync('open', join(dir, 'link'));
  prepareDataDir(join(dir, 'link/data'));
  chmodSync(join(dir, 'open'), 0o777);
  expect(() => prepareDataDir(join(dir, 'link/data'))).toThrow(unsafe);
});

test('a file in the way is named', () => {
  writeFileSync(join(dir, 'file'), '');
  expect(() => prepareDataDir(join(dir, 'file/data'))).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_DATA_DIR_READ_ONLY' }),
  );
});
