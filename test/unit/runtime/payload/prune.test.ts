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

/** A server that runs, or was killed and left its mark. */
function server(version: string, isAlive: boolean, startedDaysAgo = 0): void {
  keepsLocks = isAlive;
  markInUse(locks, data, version);
  keepsLocks = false;
  const marks = readdirSync(join(data, 'run')).filter((one) => one.startsWith(version));
  for (const mark of marks) {
    utimesSync(join(data, 'run', mark), daysAgo(startedDaysAgo), daysAgo(startedDaysAgo));
  }
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

test('marks of killed servers go, of whatever version', async () => {
  server(name('4'), false);
  server(name('4'), true);
  await prune(locks, data);
  expect(readdirSync(join(data, 'run'))).toHaveLength(1);
});

test('binaries unused for a month go, unless a server is older than that', async () => {
  const binary = (digit: string, days: number): string => {
    const path = join(data, 'bin', digit.repeat(64));
    mkdirSync(path);
    utimesSync(path, daysAgo(days), daysAgo(days));
    return path;
  };
  const [recent, old, ancient] = [binary('a', 20), binary('b', 40), binary('c', 90)];
  server(name('1'), true, 50);
  await prune(locks, data);
  expect([recent, old, ancient].map((path) => existsSync(path))).toEqual([
    true,
    true,
    false,
  ]);
  held.clear();
  await prune(locks, data);
  expect([recent, old].map((path) => existsSync(path))).toEqual([true, false]);
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
