import { expect, test } from 'vitest';
import { type TarEntry, TarReader } from '../../../../runtime/payload/tar.ts';
import { type CraftedEntry, craftTar } from './craft.ts';

function read(tar: Buffer, pieceBytes: number): { entry: TarEntry; content: string }[] {
  const found: { entry: TarEntry; content: string }[] = [];
  const reader = new TarReader({
    onEntry: (entry) => found.push({ entry, content: '' }),
    onContent: (chunk) => (found.at(-1)!.content += chunk.toString('latin1')),
  });
  for (let at = 0; at < tar.length; at += pieceBytes) {
    reader.write(tar.subarray(at, at + pieceBytes));
  }
  reader.end();
  return found;
}

const long = `${'directory-name/'.repeat(30)}file.php`;
const entries: CraftedEntry[] = [
  { name: 'a.php', content: '<?php', mode: 0o644 },
  { name: 'bin', isDirectory: true, mode: 0o755 },
  { name: 'bin/console', content: 'x'.repeat(1500), mode: 0o755 },
  { name: 'block', content: 'y'.repeat(1024) },
  { name: 'empty', content: '' },
  { name: 'link', link: '../elsewhere' },
  { name: long, content: 'long' },
  { name: 'Größe/日本.txt', content: 'utf8' },
  { name: 'far', link: `${'far/'.repeat(60)}away` },
];

test.each([1, 7, 511, 512, 513, 100_000])(
  'an archive in pieces of %i bytes',
  async (bytes) => {
    const found = read(await craftTar(entries), bytes);
    expect(found.map(({ entry }) => entry.path)).toEqual(entries.map((e) => e.name));
    expect(found.map(({ content }) => content)).toEqual(
      entries.map((e) => e.content ?? ''),
    );
    expect(found[5]!.entry).toMatchObject({
      kind: 'symlink',
      linkTarget: '../elsewhere',
    });
    expect(found[8]!.entry.linkTarget).toBe(`${'far/'.repeat(60)}away`);
    expect(found[2]!.entry).toMatchObject({
      kind: 'file',
      mode: 0o755,
      size: 1500,
      mtimeSeconds: 1_700_000_000,
    });
  },
);

test('every empty file is announced and ended', async () => {
  const ends: string[] = [];
  let current = '';
  const reader = new TarReader({
    onEntry: (entry) => (current = entry.path),
    onContent: (_, isLast) => isLast && ends.push(current),
  });
  reader.write(
    await craftTar([
      { name: 'a', content: '' },
      { name: 'b', content: 'b' },
    ]),
  );
  reader.end();
  expect(ends).toEqual(['a', 'b']);
});

test('an archive that stops in the middle is damage', async () => {
  const tar = await craftTar(entries);
  expect(() => read(tar.subarray(0, tar.length - 1024), 512)).toThrow(/no end/);
  expect(() => read(tar.subarray(0, 700), 512)).toThrow(
    expect.objectContaining({ code: 'PHPACK_E_PAYLOAD_DAMAGED' }),
  );
});

test('a changed header is damage', async () => {
  const tar = await craftTar(entries);
  tar[0]! ^= 1;
  expect(() => read(tar, 512)).toThrow(/checksum/);
});

test('what is no file, directory or symbolic link is refused', async () => {
  const tar = await craftTar([{ name: 'device', content: '' }]);
  tar[156] = '3'.charCodeAt(0);
  const old = Number.parseInt(tar.toString('latin1', 148, 154), 8);
  tar.write((old + 3).toString(8).padStart(6, '0'), 148, 'latin1');
  expect(() => read(tar, 512)).toThrow(/neither file/);
});
