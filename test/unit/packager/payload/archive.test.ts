import { chmodSync, chownSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archiveTree } from '../../../../packager/payload/archive.ts';
import { createSelection } from '../../../../packager/project/select.ts';
import { type AppTree, walkApp } from '../../../../packager/project/walk.ts';
import { type TemporaryTree, temporaryTree } from '../tree.ts';

let app: TemporaryTree;
beforeEach(() => {
  app = temporaryTree({ 'a.php': 'a', 'dir/b.php': 'bb' });
});
afterEach(() => app[Symbol.dispose]());

const config = { exclude: [], include: [], caches: [] };
const selection = createSelection({
  config,
  leaveOut: [],
  ownFiles: [],
  composer: null,
});
const walk = (): AppTree => walkApp(app.root, selection);
const file = (): string => join(app.root, 'dir/b.php');

async function pack(
  tree: AppTree,
  write: (piece: Buffer) => void = () => {},
): Promise<number> {
  let packed = 0;
  const { signal } = new AbortController();
  const onFile = (files: number): void => void (packed = files);
  await archiveTree(tree, { write, onFile, onStale: () => {}, signal });
  return packed;
}

/** Root may read everything: for a moment, it is nobody. */
async function asStranger<T>(work: () => T | Promise<T>): Promise<T> {
  if (process.geteuid!() !== 0) return work();
  process.seteuid!(65_534);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}

test('an unreadable file is named', async () => {
  chmodSync(app.root, 0o755);
  chmodSync(file(), 0);
  const tree = walk();
  await expect(asStranger(() => pack(tree))).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_UNREADABLE',
      message: `${file()} cannot be read: EACCES`,
    }),
  );
});

test('an unreadable directory is named', async () => {
  chmodSync(app.root, 0o755);
  chmodSync(join(app.root, 'dir'), 0);
  try {
    await expect(asStranger(walk)).rejects.toThrow(
      expect.objectContaining({
        code: 'PHPACK_E_UNREADABLE',
        message: `the directory ${join(app.root, 'dir')} cannot be read: EACCES`,
      }),
    );
  } finally {
    chmodSync(join(app.root, 'dir'), 0o755);
  }
});

test('a directory whose names can be read, but nothing behind them, is named', async () => {
  chmodSync(app.root, 0o755);
  chmodSync(join(app.root, 'dir'), 0o744);
  try {
    await expect(asStranger(walk)).rejects.toThrow(
      expect.objectContaining({
        code: 'PHPACK_E_UNREADABLE',
        message: expect.stringMatching(/dir\/\S+ cannot be read: EACCES$/),
      }),
    );
  } finally {
    chmodSync(join(app.root, 'dir'), 0o755);
  }
});

test('an unreadable file that is left out does not matter', async () => {
  chmodSync(app.root, 0o755);
  if (process.geteuid!() === 0) chownSync(file(), 1, 1);
  chmodSync(file(), 0);
  const exclude = createSelection({
    config: { ...config, exclude: ['dir/b.php'] },
    leaveOut: [],
    ownFiles: [],
    composer: null,
  });
  const tree = await asStranger(() => walkApp(app.root, exclude));
  expect(await asStranger(() => pack(tree))).toBe(1);
});

test('a file that disappears meanwhile is named', async () => {
  const tree = walk();
  rmSync(file());
  await expect(pack(tree)).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_CHANGED',
      message: `${file()} has disappeared while it was packed`,
    }),
  );
});

test('a file that grew since the walk is packed as it is now', async () => {
  const tree = walk();
  writeFileSync(file(), 'x'.repeat(100_000));
  expect(await pack(tree)).toBe(2);
});

test('a file that shrinks while it is read is named', async () => {
  // More than one piece, so that there is a time between the first and the last.
  truncateSync(file(), 8 << 20);
  const tree = walk();
  let isShort = false;
  const packing = pack(tree, () => {
    if (!isShort) truncateSync(file(), 3 << 20);
    isShort = true;
  });
  await expect(packing).rejects.toThrow(
    expect.objectContaining({ code: 'PHPACK_E_CHANGED' }),
  );
});

test('what the disk says to the compressed bytes comes out', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  const packing = pack(walk(), () => {
    throw full;
  });
  await expect(packing).rejects.toBe(full);
});
