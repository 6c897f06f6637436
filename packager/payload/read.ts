import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import {
  FORMAT_VERSION,
  type PayloadManifest,
  type PayloadPart,
  TRAILER_BYTES,
  TRAILER_MAGIC,
} from '../../contract/manifest.ts';
import { errnoOf, PackagerError } from '../errors.ts';

export interface OpenProduct {
  path: string;
  fd: number;
  fileBytes: number;
  /** Bytes in front of the payload. */
  baseBytes: number;
  manifest: PayloadManifest;
}

/**
 * Opens a product and reads what it says of itself. Throws PHPACK_E_NOT_A_BINARY for what
 * is none and PHPACK_E_DAMAGED for what was one. The caller closes `fd`.
 */
export function openProduct(path: string): OpenProduct {
  let fd: number;
  try {
    // A pipe is told apart afterwards; to open one would wait for its writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw notABinary(path, `cannot be opened: ${errnoOf(error)}`, error);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw notABinary(path, 'is no file');
    const { manifest, payloadBytes } = readManifest(fd, path, stats.size);
    const baseBytes = stats.size - TRAILER_BYTES - payloadBytes;
    return { path, fd, fileBytes: stats.size, baseBytes, manifest };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function readManifest(
  fd: number,
  path: string,
  fileBytes: number,
): { manifest: PayloadManifest; payloadBytes: number } {
  const magic = Buffer.from(TRAILER_MAGIC, 'latin1');
  const trailer = readAt(fd, fileBytes - TRAILER_BYTES, TRAILER_BYTES);
  if (!trailer?.subarray(-magic.length).equals(magic)) {
    throw notABinary(path, 'does not end as a product of phpack does');
  }
  const version = trailer.readUInt32LE(8);
  if (!trailer.subarray(0, magic.length).equals(magic) || version !== FORMAT_VERSION) {
    throw notABinary(path, `has format ${version}; this phpack knows ${FORMAT_VERSION}`);
  }
  const length = trailer.readUInt32LE(12);
  const payloadBytes = Number(trailer.readBigUInt64LE(16));
  const bytes = readAt(fd, fileBytes - TRAILER_BYTES - length, length);
  const hash = bytes && createHash('sha256').update(bytes).digest();
  if (!bytes || !hash?.equals(trailer.subarray(24, 56))) {
    throw damaged(path, 'its manifest does not match the checksum');
  }
  if (payloadBytes > fileBytes - TRAILER_BYTES) {
    throw damaged(path, 'bytes are missing');
  }
  return {
    manifest: JSON.parse(bytes.toString('utf8')) as PayloadManifest,
    payloadBytes,
  };
}

/**
 * Decodes a part and compares it with its checksum; `use` gets its bytes before that is
 * known. Throws PHPACK_E_DAMAGED.
 */
export async function verifyPart(
  product: OpenProduct,
  name: string,
  part: PayloadPart,
  use: (piece: Buffer) => void = () => {},
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  const count = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      size += piece.length;
      hash.update(piece);
      use(piece);
    }
  };
  const start = product.fileBytes - part.fromEnd;
  const end = start + part.length - 1;
  const encoded = createReadStream('', { fd: product.fd, autoClose: false, start, end });
  try {
    await pipeline(encoded, createZstdDecompress({ chunkSize: 1 << 20 }), count);
  } catch (error) {
    throw damaged(product.path, `part ${name} cannot be decoded`, error);
  }
  if (size === part.size && hash.digest('hex') === part.sha256) return;
  throw damaged(product.path, `part ${name} does not match its checksum`);
}

function readAt(fd: number, position: number, length: number): Buffer | null {
  if (position < 0) return null;
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const read = readSync(fd, buffer, done, length - done, position + done);
    if (read === 0) return null;
    done += read;
  }
  return buffer;
}

function notABinary(path: string, why: string, cause?: unknown): PackagerError {
  return new PackagerError('PHPACK_E_NOT_A_BINARY', `${path} ${why}`, { cause });
}

function damaged(path: string, why: string, cause?: unknown): PackagerError {
  return new PackagerError('PHPACK_E_DAMAGED', `${path} is damaged: ${why}`, { cause });
}
