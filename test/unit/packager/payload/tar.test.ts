import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import {
  tarEnd,
  tarHeader,
  type TarHeader,
  tarPadding,
} from '../../../../packager/payload/tar.ts';
import { type TarEntry, TarReader } from '../../../../runtime/payload/tar.ts';

const entry = (path: string, facts: Partial<TarHeader> = {}): TarHeader => ({
  path,
  kind: 'file',
  mode: 0o644,
  size: 0,
  linkTarget: '',
  mtime: 1_000_000_000,
  ...facts,
});

const long = (bytes: number): string => 'x'.repeat(bytes);

const entries: readonly TarHeader[] = [
  entry('index.php', { size: 5 }),
  entry('bin/tool', { mode: 0o755, size: 513 }),
  entry('empty', { mtime: 2_000_000_000 }),
  entry('dir', { kind: 'directory', mode: 0o755 }),
  entry('link', { kind: 'symlink', mode: 0o777, linkTarget: '../storage/app' }),
  entry(long(100), { size: 1 }),
  entry(long(101), { size: 1 }),
  entry(`${long(155)}/${long(100)}`, { size: 1 }),
  entry(`${long(156)}/${long(99)}`, { size: 1 }),
  entry(`${long(120)}/${long(120)}`, { size: 1 }),
  entry(long(99), { kind: 'directory', mode: 0o755 }),
  entry(long(100), { kind: 'directory', mode: 0o755 }),
  entry(`${long(90)}/${long(98)}/${long(98)}`, { size: 2 }),
  entry('dir/ünïcode 文件.php', { size: 3 }),
  entry('longlink', { kind: 'symlink', mode: 0o777, linkTarget: long(101) }),
  entry('ünilink', { kind: 'symlink', mode: 0o777, linkTarget: 'zïel' }),
];

function archive(list: readonly TarHeader[]): Buffer {
  const pieces = list.flatMap((one) => [
    tarHeader(one),
    Buffer.alloc(one.size, 'c'),
    tarPadding(one.size),
  ]);
  return Buffer.concat([...pieces, tarEnd()]);
}

type Entry = { header: Record<string, unknown> } & Readable;

interface Seen {
  path: string;
  kind: string;
  mode: number;
  size: number;
  linkTarget: string;
  mtime: number;
}

const expected: Seen[] = entries.map((one) => ({ ...one }));

test('an independent reader finds every entry as it was written', async () => {
  const seen: Seen[] = [];
  const reader = Readable.from([archive(entries)]).pipe(extract());
  for await (const one of reader as AsyncIterable<Entry>) {
    const { header } = one;
    const mtime = (header['mtime'] as Date).getTime() / 1000;
    expect([header['uid'], header['gid']]).toEqual([0, 0]);
    seen.push({
      path: String(header['name']).replace(/\/$/, ''),
      kind: String(header['type']),
      mode: Number(header['mode']),
      size: Number(header['size']),
      linkTarget: (header['linkname'] as string | null) ?? '',
      mtime,
    });
    one.resume();
  }
  expect(seen).toEqual(expected);
});

test('the product finds every entry as it was written', () => {
  const seen: TarEntry[] = [];
  let content = 0;
  const reader = new TarReader({
    onEntry: (one) => void seen.push(one),
    onContent: (chunk) => void (content += chunk.length),
  });
  reader.write(archive(entries));
  reader.end();
  expect(seen).toEqual(
    expected.map(({ mtime, ...one }) =>
      expect.objectContaining({ ...one, mtimeSeconds: mtime }),
    ),
  );
  expect(content).toBe(entries.reduce((sum, one) => sum + one.size, 0));
});

test('a file of more than 8 GB keeps its size', () => {
  const seen: TarEntry[] = [];
  const reader = new TarReader({
    onEntry: (one) => void seen.push(one),
    onContent: () => {},
  });
  reader.write(tarHeader(entry('big', { size: 9e9 })));
  expect(seen[0]?.size).toBe(9e9);
});
