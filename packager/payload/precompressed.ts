import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import type { AppEntry } from '../project/walk.ts';
import { CHUNK_BYTES } from './chunks.ts';

const decoders = {
  '.gz': createGunzip,
  '.br': createBrotliDecompress,
  '.zst': createZstdDecompress,
};

/** Files that lie compressed beside another one → that one: `a.css.gz` → `a.css`. */
export function findPrecompressed(entries: readonly AppEntry[]): Map<string, string> {
  const files = new Set(
    entries.filter(({ kind }) => kind === 'file').map(({ path }) => path),
  );
  const pairs = [...files].map((path): [string, string] => [
    path,
    path.replace(/\.(?:gz|br|zst)$/, ''),
  ]);
  return new Map(pairs.filter(([path, base]) => path !== base && files.has(base)));
}

/**
 * Whether an open file is the compressed form of this content. Times would not tell: in a
 * fresh clone, all are equally new.
 */
export async function isCompressedForm(
  fd: number,
  path: string,
  digest: Buffer,
): Promise<boolean> {
  const extension = path.slice(path.lastIndexOf('.')) as keyof typeof decoders;
  const hash = createHash('sha256');
  try {
    await pipeline(
      piecesOf(fd),
      decoders[extension](),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) hash.update(piece);
      },
    );
  } catch {
    // Not compressed at all, or broken.
    return false;
  }
  return hash.digest().equals(digest);
}

/** A stream of node:fs would close the file when the decoder gives up. */
function* piecesOf(fd: number): Generator<Buffer> {
  for (let at = 0; ; ) {
    const piece = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(fd, piece, { position: at });
    if (read === 0) return;
    yield piece.subarray(0, read);
    at += read;
  }
}
