import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { ProductError } from '../errors.ts';
import type { PayloadPart } from '../../contract/manifest.ts';
import type { OpenPayload } from './trailer.ts';

/**
 * Few, large pieces: decoding runs on another thread, and each piece is one hand-over.
 */
const CHUNK_BYTES = 1 << 20;

/**
 * Hands the decoded bytes of a part to `onChunk`, one piece after the other, in constant
 * memory. What was handed over counts only when this resolves: the checksum is known at
 * the end. Throws PHPACK_E_PAYLOAD_DAMAGED, whatever `onChunk` throws, and an AbortError.
 */
export async function readPart(
  payload: OpenPayload,
  name: string,
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
      if (size > part.size) throw damaged(payload, name);
      hash.update(chunk);
      onChunk(chunk);
    }
  };
  if (part.length > 0) {
    const start = payload.fileBytes - part.fromEnd;
    const encoded = createReadStream('', {
      fd: payload.fd,
      autoClose: false,
      start,
      end: start + part.length - 1,
      highWaterMark: CHUNK_BYTES,
    });
    try {
      const decoder = createZstdDecompress({ chunkSize: CHUNK_BYTES });
      await pipeline(encoded, decoder, consume, signal ? { signal } : {});
    } catch (error) {
      if (isDecodingError(error)) throw damaged(payload, name, error);
      throw error;
    }
  }
  if (size !== part.size || hash.digest('hex') !== part.sha256) {
    throw damaged(payload, name);
  }
}

function isDecodingError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /^(ZSTD_|Z_|ERR_)/.test(String(error.code));
}

function damaged(payload: OpenPayload, name: string, cause?: unknown): ProductError {
  const seen = `the ${name} part of ${payload.path} does not match its checksum`;
  return new ProductError('PHPACK_E_PAYLOAD_DAMAGED', seen, { cause });
}
