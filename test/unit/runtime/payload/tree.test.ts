import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { removeTree } from '../../../../runtime/payload/remove.ts';
import { TarReader } from '../../../../runtime/payload/tar.ts';
import { TreeWriter } from '../../../../runtime/payload/tree.ts';
import { type CraftedEntry, craftTar } from './craft.ts';

const root = mkdtempSync(join(tmpdir(), 'phpack-tree-'));
afterAll(() => removeTree(root));
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(root, 'case-'));
  for (const name of ['tree', 'seed', 'var']) mkdirSync(join(home, name));
});

async function write(
  entries: CraftedEntry[],
  writable: string[] = [],
): Promise<TreeWriter> {
  const writer = new TreeWriter({
    tree: join(home, 'tree'),
    finalTree: join(home, 'tree'),
    links: writable.map((path) => ({
      path,
      store: join(home, 'seed'),
      home: join(home, 'var'),
    })),
  });
  const reader = new TarReader(writer);
  reader.write(await craftTar(entries));
  writer.finish();
  return writer;
}

const mode = (path: string): number => lstatSync(join(home, path)).mode & 0o7777;

test('files and directories are read-only, programs stay programs, times are kept', async () => {
  const writer = await write([
    { name: 'index.php', content: '<?php', mode: 0o664 },
    { name: 'bin/tool', content: '#!', mode: 0o755 },
    { name: 'empty', isDirectory: true, mode: 0o777 },
    { name: '.', isDirectory: true },
  ]);
  expect(mode('tree/index.php')).toBe(0o444);
  expect(mode('tree/bin/tool')).toBe(0o555);
  expect([mode('tree'), mode('tree/bin'), mode('tree/empty')]).toEqual([
    0o555, 0o555, 0o555,
  ]);
  for (const path of ['tree/index.php', 'tree/empty', 'tree']) {
    expect(lstatSync(join(home, path)).mtimeMs).toBe(1_700_000_000_000);
  }
  expect(readFileSync(join(home, 'tree/index.php'), 'utf8')).toBe('<?php');
  expect(writer.files).toBe(2);
});

test('symbolic links are kept as they are, also those that lead nowhere', async () => {
  await write([
    { name: 'public/storage', link: '../storage/app' },
    { name: 'dangling', link: '/nowhere/at/all' },
  ]);
  expect(readlinkSync(join(home, 'tree/public/storage'))).toBe('../storage/app');
  expect(readlinkSync(join(home, 'tree/dangling'))).toBe('/nowhere/at/all');
});

test('writable paths become relative links, their first content lies apart', async () => {
  await write(
    [
      { name: 'web/files/.htaccess', content: 'deny', mode: 0o444 },
      { name: 'web/index.php', content: '' },
      { name: 'web/settings.php', content: 'settings', mode: 0o666 },
    ],
    ['web/files', 'web/settings.php', 'var/new'],
  );
  expect(readlinkSync(join(home, 'tree/web/files'))).toBe('../../var/web/files');
  expect(readlinkSync(join(home, 'tree/var/new'))).toBe('../../var/var/new');
  expect(readdirSync(join(home, 'tree/web')).sort()).toEqual([
    'files',
    'index.php',
    'settings.php',
  ]);
  expect(readFileSync(join(home, 'seed/web/files/.htaccess'), 'utf8')).toBe('deny');
  expect(mode('seed/web/files/.htaccess')).toBe(0o644);
  expect(mode('seed/web/settings.php')).toBe(0o644);
  mkdirSync(join(home, 'var/web/files'), { recursive: true });
  expect(realpathSync(join(home, 'tree/web/files'))).toBe(
    realpathSync(join(home, 'var/web/files')),
  );
});

test.each(['../evil', '/evil', 'a/../../evil', 'a//b', './a', 'a/.', ''])(
  'the path %j is refused',
  async (name) => {
    // tar-stream would clean some of them.
    const tar = await craftTar([
      { name: 'x'.repeat(Math.max(name.length, 1)), content: 'e' },
    ]);
    tar.fill(0, 0, 100);
    tar.write(name, 0, 'utf8');
    tar.fill(' ', 148, 156);
    const sum = tar.subarray(0, 512).reduce((a, b) => a + b, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const writer = new TreeWriter({
      tree: join(home, 'tree'),
      finalTree: join(home, 'tree'),
      links: [],
    });
    expect(() => new TarReader(writer).write(tar)).toThrow(
      expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_DAMAGED' }),
    );
    expect(existsSync(join(root, 'evil'))).toBe(false);
  },
);

test('nothing is written through a link of the archive itself', async () => {
  const outside = join(home, 'var');
  const attempt = write([
    { name: 'sub', link: outside },
    { name: 'sub/evil.php', content: 'evil' },
  ]);
  await expect(attempt).rejects.toThrow(/is a file or a link/);
  const overwrite = write([
    { name: 'over', link: join(outside, 'target') },
    { name: 'over', content: 'evil' },
  ]);
  await expect(overwrite).rejects.toThrow(/EEXIST/);
  expect(readdirSync(outside)).toEqual([]);
});

test('a writable path below a link or a file of the app is refused', async () => {
  const belowLink = write([{ name: 'files', link: 'elsewhere' }], ['files/uploads']);
  await expect(belowLink).rejects.toThrow(/is a file or a link/);
});
