import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import {
  type PayloadManifest,
  type PayloadPart,
  readManifest,
} from '../../contract/manifest.ts';
import { DamagedPart, decodePart } from '../../contract/part.ts';
import {
  FORMAT_VERSION,
  TRAILER_BYTES,
  type TrailerFault,
} from '../../contract/trailer.ts';
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
    if (!stats.isFile()) throw notABinary(path, 'is not a regular file');
    const read = readManifest(fd, stats.size);
    if (read.kind !== 'manifest') throw refusalOf(read, path);
    const { manifest } = read;
    const baseBytes = stats.size - TRAILER_BYTES - read.payloadBytes;
    return { path, fd, fileBytes: stats.size, baseBytes, manifest };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function refusalOf(fault: TrailerFault, path: string): PackagerError {
  switch (fault.kind) {
    case 'absent':
      return notABinary(path, 'was not made by phpack, or is cut off');
    case 'format': {
      const why = `has format ${fault.version}; this phpack reads ${FORMAT_VERSION}`;
      return notABinary(path, why);
    }
    case 'signed':
      return notABinary(
        path,
        `is signed with key ${fault.keyId}, which this phpack cannot verify`,
      );
    case 'damaged':
      return damaged(path, fault.what);
    default:
      return fault satisfies never;
  }
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
  try {
    await decodePart(product, part, use);
  } catch (error) {
    const why = error instanceof DamagedPart ? error.message : 'cannot be read';
    throw damaged(product.path, `part ${name} ${why}`, error);
  }
}

function notABinary(path: string, why: string, cause?: unknown): PackagerError {
  return new PackagerError('PHPACK_E_NOT_A_BINARY', `${path} ${why}`, { cause });
}

function damaged(path: string, why: string, cause?: unknown): PackagerError {
  return new PackagerError('PHPACK_E_DAMAGED', `${path} is damaged: ${why}`, { cause });
}
