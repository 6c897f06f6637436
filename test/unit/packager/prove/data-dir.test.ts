import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeProofDir } from '../../../../packager/prove/data-dir.ts';
import { type TemporaryTree, temporaryTree } from '../tree.ts';

let tree: TemporaryTree;
beforeEach(() => {
  tree = temporaryTree({});
  vi.stubEnv('XDG_CACHE_HOME', tree.root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  tree[Symbol.dispose]();
});

/** More than any machine has. */
const huge = 2 ** 50;

test('what is too large for memory is proved on disk, in the cache', () => {
  const dir = makeProofDir(huge);
  expect(dirname(dir)).toBe(join(tree.root, 'phpack/prove'));
});

test('every proof has a directory of its own', () => {
  const dirs = [makeProofDir(1), makeProofDir(1)];
  expect(new Set(dirs).size).toBe(2);
  for (const dir of dirs) {
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true });
  }
});

test('what a killed build left is removed, what a running one uses is not', () => {
  const own = makeProofDir(huge);
  // Larger than any process id of Linux.
  const abandoned = own.replace(`-${process.pid}-`, '-4194305-');
  mkdirSync(join(abandoned, 'app/tree'), { recursive: true });
  mkdirSync(join(dirname(own), 'something-else'));
  const next = makeProofDir(huge);
  expect(readdirSync(dirname(own)).sort()).toEqual(
    [basename(own), basename(next), 'something-else'].sort(),
  );
});
