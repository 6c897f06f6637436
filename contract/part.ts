import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import type { PayloadPart } from './manifest.ts';

/**
 * Few, large pieces: decoding runs on another thread, and each piece is one hand-over.
 */
const CHUNK_BYTES = 1 << 20;

/** A part is not what its manifest says; the message ends a sentence about it. */
export class DamagedPart extends Error {}

const MISMATCH = 'does not match its checksum';

/**
 * Hands the decoded bytes of a part to `onChunk`, one piece after the other, in constant
 * memory. What was handed over counts only when this resolves: the checksum is known at
 * the end. Throws DamagedPart, whatever `onChunk` throws, and an AbortError.
 */
export async function decodePart(
  file: { fd: number; fileBytes: number },
  part: PayloadPart,
  onChunk: (chunk: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  const consume = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) {
      size += chunk.length;
      // More than announced: no need to fill the disk with it.
      if (size > part.size) throw new DamagedPart(MISMATCH);
      hash.update(chunk);
      onChunk(chunk);
    }
  };
  if (part.length > 0) {
    const start = file.fileBytes - part.fromEnd;
    const encoded = createReadStream('', {
      fd: file.fd,
      autoClose: false,
      start,
      end: start + part.length - 1,
      highWaterMark: CHUNK_BYTES,
    });
    try {
      const decoder = createZstdDecompress({ chunkSize: CHUNK_BYTES });
      await pipeline(encoded, decoder, consume, signal ? { signal } : {});
    } catch (cause) {
      if (isDecodingError(cause)) throw new DamagedPart('cannot be decoded', { cause });
      throw cause;
    }
  }
  if (size === part.size && hash.digest('hex') === part.sha256) return;
  throw new DamagedPart(MISMATCH);
}

function isDecodingError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /^(ZSTD_|Z_|ERR_)/.test(String(error.code));
}
