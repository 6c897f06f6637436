import {
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { prepareDataDir } from '../../../../runtime/payload/data-dir.ts';
import { type Locks, markInUse } from '../../../../runtime/payload/lock.ts';
import { prune } from '../../../../runtime/payload/prune.ts';

const root = mkdtempSync(join(tmpdir(), 'phpack-prune-'));
afterAll(() => rmSync(root, { recursive: true }));
let data: string;
/** Locks as the kernel keeps them: by file, held by a descriptor of somebody else. */
const held = new Map<number, number>();
const locks: Locks = {
  tryLock: (fd) => {
    const { ino } = fstatSync(fd);
    if (held.has(ino) && held.get(ino) !== fd) return false;
    if (keepsLocks) held.set(ino, fd);
    return true;
  },
};
let keepsLocks = false;

const name = (digit: string): string => `${digit.repeat(64)}-00000000`;
const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

beforeEach(() => {
  held.clear();
  data = mkdtempSync(join(root, 'case-'));
  prepareDataDir(data);
  for (const [digit, days] of ['1', '2', '3', '4'].map((d, i) => [d, 4 - i] as const)) {
    const home = join(data, 'app', name(digit));
    mkdirSync(home);
    writeFileSync(join(home, 'complete'), '');
    utimesSync(join(home, 'complete'), daysAgo(days), daysAgo(days));
  }
});

/** A server that runs with what has this name, or was killed and left its mark. */
function server(used: string, isAlive: boolean): void {
  keepsLocks = isAlive;
  markInUse(locks, data, used);
  keepsLocks = false;
}

const versions = (): string[] =>
  readdirSync(join(data, 'app'))
    .filter((one) => one !== '.lock')
    .sort((a, b) => (a < b ? -1 : 1));

test('the two versions used last are kept', async () => {
  expect((await prune(locks, data)).versions).toEqual([name('2'), name('1')]);
  expect(versions()).toEqual([name('3'), name('4')]);
});

test('a version that a server uses is kept; one of a killed server is not', async () => {
  server(name('1'), true);
  server(name('2'), false);
  await prune(locks, data);
  expect(versions()).toEqual([name('1'), name('3'), name('4')]);
});

test('marks of killed servers go, whatever they used', async () => {
  for (const used of [name('4'), 'b'.repeat(64), 'c'.repeat(32) + '.ini']) {
    server(used, false);
  }
  server(name('4'), true);
  await prune(locks, data);
  expect(readdirSync(join(data, 'run'))).toHaveLength(1);
});

test('binaries unused for a month go, unless a server runs them', async () => {
  const binary = (digit: string, days: number): string => {
    const path = join(data, 'bin', digit.repeat(64));
    mkdirSync(path);
    utimesSync(path, daysAgo(days), daysAgo(days));
    return path;
  };
  const [recent, used, old] = [binary('a', 20), binary('b', 90), binary('c', 40)];
  // However long it took from its first look at them until it was up.
  server('b'.repeat(64), true);
  await prune(locks, data);
  expect([recent, used, old].map((path) => existsSync(path))).toEqual([
    true,
    true,
    false,
  ]);
  held.clear();
  await prune(locks, data);
  expect([recent, used].map((path) => existsSync(path))).toEqual([true, false]);
});

test('a version that somebody starts at this moment stays', async () => {
  const mark = join(data, 'app', name('1'), 'complete');
  let calls = 0;
  const starting: Locks = {
    tryLock: (fd) => {
      // After the app's lock and the look for dead marks: between the list and the removal.
      if (++calls === 3) utimesSync(mark, new Date(), new Date());
      return locks.tryLock(fd);
    },
  };
  server(name('4'), true);
  expect((await prune(starting, data)).versions).toEqual([name('2')]);
  expect(versions()).toContain(name('1'));
});

test('what another start unpacks at the same time is not touched', async () => {
  const [broken, fresh] = ['.new-broken', '.new-fresh'].map((x) => join(data, 'app', x));
  mkdirSync(broken!);
  const pruned = prune(locks, data);
  // The lock is free again.
  mkdirSync(fresh!);
  await pruned;
  expect([broken, fresh].map((path) => existsSync(path!))).toEqual([false, true]);
});

test('names that are not UTF-8 keep nothing from going', async () => {
  const cache = join(data, 'app', name('1'), 'caches');
  mkdirSync(cache);
  const odd = Buffer.concat([Buffer.from(`${cache}/caf`), Buffer.from([0xe9])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from('/x')]), '');
  await prune(locks, data);
  expect(versions()).toEqual([name('3'), name('4')]);
});

test('what killed requests uploaded goes after a day, other files stay', async () => {
  const put = (file: string, days: number): string => {
    const path = join(data, 'tmp', file);
    writeFileSync(path, '');
    utimesSync(path, daysAgo(days), daysAgo(days));
    return path;
  };
  const paths = [
    put('phpAb12Cd', 2),
    put('phpAb12Ce', 0.5),
    put('php-cache', 9),
    put('x', 9),
  ];
  await prune(locks, data);
  expect(paths.map((path) => existsSync(path))).toEqual([false, true, true, true]);
});
