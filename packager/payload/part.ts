import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { cachedFile, cacheKey } from '../cache.ts';
import { type EncodedPart, PartEncoder } from './encoder.ts';

const CHUNK_BYTES = 1 << 20;
/** Done once for each build of PHP, and half the size that the quick levels give. */
const LEVEL = 12;

export interface CachedPart extends EncodedPart {
  /** The compressed bytes. */
  file: string;
}

/**
 * A program or library, compressed: kept in the cache, since every product carries the
 * same. The key is the file's identity, so that a second build does not even read it.
 */
export async function compressPart(file: string): Promise<CachedPart> {
  const { size, mtimeNs } = statSync(file, { bigint: true });
  const key = cacheKey([file, String(size), String(mtimeNs), String(LEVEL)]);
  const dir = join(cacheRoot(), 'parts', key);
  const compressed = join(dir, 'part.zst');
  // Written last: when it is there, so is the other.
  const { path } = await cachedFile(join(dir, 'part.json'), async (scratch) => {
    let part: EncodedPart | null = null;
    await cachedFile(compressed, async (into) => {
      part = await compressFile(file, into);
    });
    part ??= await describe(file, compressed);
    writeFileSync(scratch, JSON.stringify(part));
  });
  return { ...(JSON.parse(readFileSync(path, 'utf8')) as EncodedPart), file: compressed };
}

async function compressFile(file: string, into: string): Promise<EncodedPart> {
  const output = openSync(into, 'wx');
  const encoder = new PartEncoder(LEVEL, (piece) => writeAll(output, piece));
  try {
    await readPieces(file, (piece) => encoder.write(piece));
    return await encoder.finish();
  } finally {
    encoder.close();
    closeSync(output);
  }
}

/** Of a build that was interrupted between the two files. */
async function describe(file: string, compressed: string): Promise<EncodedPart> {
  const hash = createHash('sha256');
  await readPieces(file, async (piece) => void hash.update(piece));
  const { size } = statSync(file);
  const { size: length } = statSync(compressed);
  return { length, size, sha256: hash.digest('hex') };
}

async function readPieces(
  file: string,
  use: (piece: Buffer) => Promise<void>,
): Promise<void> {
  const fd = openSync(file, 'r');
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const read = readSync(fd, buffer);
      if (read === 0) return;
      await use(buffer.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

export function writeAll(fd: number, piece: Buffer): void {
  for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done);
}
