import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { populate } from '../../../../runtime/payload/populate.ts';
import {
  isPopulated,
  outermost,
  parseWritable,
} from '../../../../runtime/payload/writable.ts';

const root = mkdtempSync(join(tmpdir(), 'phpack-writable-'));
afterAll(() => rmSync(root, { recursive: true }));
let data: string;
let version = 0;
beforeEach(() => {
  data = mkdtempSync(join(root, 'case-'));
  mkdirSync(join(data, 'var'));
});

function put(path: string, content: string): void {
  mkdirSync(dirname(join(data, path)), { recursive: true });
  writeFileSync(join(data, path), content);
}

/** A new version of the app starts with this initial content. */
async function start(writable: string[], seed: Record<string, string>): Promise<void> {
  const name = `seed${++version}`;
  mkdirSync(join(data, name), { recursive: true });
  for (const [path, content] of Object.entries(seed)) put(`${name}/${path}`, content);
  const paths = parseWritable(writable);
  const home = {
    variable: join(data, 'var'),
    seed: join(data, name),
    seededList: join(data, 'seeded.json'),
  };
  await populate(home, paths);
  expect(isPopulated(home.variable, paths, home.seed)).toBe(true);
}

const read = (path: string): string => readFileSync(join(data, 'var', path), 'utf8');
const has = (path: string): boolean => existsSync(join(data, 'var', path));

test('the first start copies the initial content', async () => {
  await start(['files/', 'settings.php'], {
    'files/a/b.txt': 'b',
    'settings.php': 'default',
  });
  expect([read('files/a/b.txt'), read('settings.php')]).toEqual(['b', 'default']);
});

test('what exists is never overwritten, not even by a new version', async () => {
  await start(['files/', 'settings.php'], { 'files/a': '1', 'settings.php': 'default' });
  put('var/files/a', 'changed');
  put('var/settings.php', 'mine');
  await start(['files/', 'settings.php'], {
    'files/a': '2',
    'settings.php': 'new default',
  });
  expect([read('files/a'), read('settings.php')]).toEqual(['changed', 'mine']);
});

test('what the app made before a version brought it is kept', async () => {
  await start(['files/'], { 'files/a': 'a' });
  put('var/files/robots.txt', 'own');
  await start(['files/'], { 'files/a': 'a', 'files/robots.txt': 'shipped' });
  expect(read('files/robots.txt')).toBe('own');
});

test('a new version adds its new files; what was deleted stays deleted', async () => {
  await start(['files/'], { 'files/a': 'a', 'files/b': 'b' });
  rmSync(join(data, 'var/files/a'));
  await start(['files/'], { 'files/a': 'a', 'files/b': 'b', 'files/new/c': 'c' });
  expect(has('files/a')).toBe(false);
  expect(read('files/new/c')).toBe('c');
});

test('a writable path that was removed as a whole is filled again', async () => {
  await start(['files/'], { 'files/a': 'a' });
  rmSync(join(data, 'var/files'), { recursive: true });
  const home = { variable: join(data, 'var'), seed: join(data, `seed${version}`) };
  expect(isPopulated(home.variable, parseWritable(['files/']), home.seed)).toBe(false);
  await start(['files/'], { 'files/a': 'a' });
  expect(read('files/a')).toBe('a');
});

test('paths the app does not bring: directories are made, files only get a place', async () => {
  await start(['storage/logs/', 'config/local.php'], {});
  expect(lstatSync(join(data, 'var/storage/logs')).isDirectory()).toBe(true);
  expect(has('config')).toBe(true);
  expect(has('config/local.php')).toBe(false);
});

test('a writable directory inside another one exists, too', async () => {
  await start(['storage/', 'storage/framework/sessions/'], { 'storage/x': 'x' });
  expect(has('storage/framework/sessions')).toBe(true);
  expect(outermost(parseWritable(['storage/', 'storage/a/', 'storages/']))).toMatchObject(
    [{ path: 'storage' }, { path: 'storages' }],
  );
});

test('a link the app made is not followed when a version adds files', async () => {
  await start(['files/'], { 'files/a/1': '1' });
  rmSync(join(data, 'var/files/a'), { recursive: true });
  mkdirSync(join(data, 'outside'));
  symlinkSync(join(data, 'outside'), join(data, 'var/files/a'));
  await start(['files/'], { 'files/a/1': '1', 'files/a/2': '2' });
  expect(existsSync(join(data, 'outside/2'))).toBe(false);
});

test('a file where a directory is to be is an error with a code', async () => {
  put('var/files', 'in the way');
  await expect(start(['files/'], {})).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_WRITABLE_PATH' }),
  );
  expect(read('files')).toBe('in the way');
});

test('so is a file where a directory around it is to be', async () => {
  await start(['data'], { data: 'of the version before' });
  for (const path of ['data/db/', 'data/db/a.sqlite']) {
    await expect(start([path], {})).rejects.toThrow(
      expect.objectContaining({
        code: 'PHPACK_E_WRITABLE_PATH',
        message: expect.stringMatching(/var\/data is a file$/),
      }),
    );
    const paths = parseWritable([path]);
    expect(isPopulated(join(data, 'var'), paths, join(data, 'seed1'))).toBe(false);
  }
  expect(read('data')).toBe('of the version before');
});

test.each(['../up', '/etc/', 'a/../b', './a', '', '/', 'a//b'])(
  'writable: %j is refused',
  (text) => {
    expect(() => parseWritable([text])).toThrow(
      expect.objectContaining({ code: 'PHPACK_E_CONFIG' }),
    );
  },
);
