import { closeSync, fstatSync, openSync } from 'node:fs';
import { type PayloadManifest, readManifest } from '../../contract/manifest.ts';
import { FORMAT_VERSION, type TrailerFault } from '../../contract/trailer.ts';
import { ProductError } from '../errors.ts';

export interface OpenPayload {
  fd: number;
  path: string;
  fileBytes: number;
  manifest: PayloadManifest;
}

/**
 * Reads and verifies trailer and manifest of a product, and nothing else of it; messages
 * call it `name`. The file stays open: parts are read when they are needed. Throws
 * PHPACK_E_NO_PAYLOAD, PHPACK_E_PAYLOAD_FORMAT or PHPACK_E_PAYLOAD_DAMAGED.
 */
export function openPayload(path: string, name: string = path): OpenPayload {
  const fd = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(fd).size;
    const read = readManifest(fd, fileBytes);
    if (read.kind !== 'manifest') throw refusalOf(read, name);
    return { fd, path: name, fileBytes, manifest: read.manifest };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function refusalOf(fault: TrailerFault, path: string): ProductError {
  switch (fault.kind) {
    case 'absent': {
      const seen = `${path} does not end in an application: it is cut off, or a bare base`;
      return new ProductError('PHPACK_E_NO_PAYLOAD', seen);
    }
    case 'format': {
      const seen = `payload format ${fault.version}, this runtime reads format`;
      return new ProductError('PHPACK_E_PAYLOAD_FORMAT', `${seen} ${FORMAT_VERSION}`);
    }
    case 'signed': {
      const seen = `payload signed with key ${fault.keyId}, which this runtime cannot verify`;
      return new ProductError('PHPACK_E_PAYLOAD_FORMAT', seen);
    }
    case 'damaged':
      return new ProductError('PHPACK_E_PAYLOAD_DAMAGED', `${path}: ${fault.what}`);
    default:
      return fault satisfies never;
  }
}
