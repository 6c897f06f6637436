import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { type TarHeader, TarWriter } from '../../../../packager/payload/tar.ts';
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

async function archive(list: readonly TarHeader[]): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const writer = new TarWriter(async (piece) => void pieces.push(piece));
  for (const one of list) await writer.add(one, [Buffer.alloc(one.size, 'c')]);
  await writer.end();
  return Buffer.concat(pieces);
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
  const reader = Readable.from([await archive(entries)]).pipe(extract());
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

test('the product finds every entry as it was written', async () => {
  const seen: TarEntry[] = [];
  let content = 0;
  const reader = new TarReader({
    onEntry: (one) => void seen.push(one),
    onContent: (chunk) => void (content += chunk.length),
  });
  reader.write(await archive(entries));
  reader.end();
  expect(seen).toEqual(
    expected.map(({ mtime, ...one }) =>
      expect.objectContaining({ ...one, mtimeSeconds: mtime }),
    ),
  );
  expect(content).toBe(entries.reduce((sum, one) => sum + one.size, 0));
});

function* begin(): Generator<Buffer> {
  for (let i = 0; i < 2; i++) yield Buffer.alloc(1 << 20);
  throw new Error('that is enough');
}

test('a file of more than 8 GB keeps its size', async () => {
  const seen: TarEntry[] = [];
  const reader = new TarReader({
    onEntry: (one) => void seen.push(one),
    onContent: () => {},
  });
  const writer = new TarWriter(async (piece) => reader.write(Buffer.from(piece)));
  const big = writer.add(entry('big', { size: 9e9 }), begin());
  await expect(big).rejects.toThrow('that is enough');
  expect(seen[0]?.size).toBe(9e9);
});

test('the bytes are the same for ever', async () => {
  // Whatever version of a library writes them: they are the name of an app's version.
  const bytes = await archive(entries);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(
    'e6497fe39407f33b7b93a0b0970f5ba8713abd2baa8572e37e0c2369e5439f06',
  );
});

test('what the taker of the bytes throws comes out, for small and for big content', async () => {
  const full = new Error('the disk is full');
  for (const content of [[Buffer.alloc(10)], Array(100).fill(Buffer.alloc(1 << 20))]) {
    const writer = new TarWriter(async () => {
      throw full;
    });
    const size = Buffer.concat(content).length;
    const add = async (): Promise<void> => {
      await writer.add(entry('file', { size }), content);
      await writer.end();
    };
    await expect(add()).rejects.toBe(full);
  }
});
