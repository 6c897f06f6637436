import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ProductError } from '../errors.ts';
import {
  FORMAT_VERSION,
  type PayloadManifest,
  type PayloadPart,
  TRAILER_BYTES,
  TRAILER_MAGIC,
} from '../../contract/manifest.ts';

/** A manifest is a few kilobytes; more would be read into memory for nothing. */
const MAX_MANIFEST_BYTES = 16 << 20;

export interface OpenPayload {
  fd: number;
  path: string;
  fileBytes: number;
  manifest: PayloadManifest;
}

/**
 * Reads and verifies trailer and manifest of a product, and nothing else of it; messages
 * call it `name`. The file stays open: parts are read when they are needed. Throws PHPACK_E_NO_PAYLOAD, PHPACK_E_PAYLOAD_FORMAT or
 * PHPACK_E_PAYLOAD_DAMAGED.
 */
export function openPayload(path: string, name: string = path): OpenPayload {
  const fd = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(fd).size;
    const manifest = readManifest(fd, name, fileBytes);
    return { fd, path: name, fileBytes, manifest };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function readManifest(fd: number, path: string, fileBytes: number): PayloadManifest {
  const trailer = readExactly(fd, fileBytes - TRAILER_BYTES, TRAILER_BYTES);
  const magic = Buffer.from(TRAILER_MAGIC, 'latin1');
  if (!trailer?.subarray(-magic.length).equals(magic)) {
    const seen = `${path} does not end in an application: it is cut off, or a bare base`;
    throw new ProductError('PHPACK_E_NO_PAYLOAD', seen);
  }
  const version = trailer.readUInt32LE(8);
  if (!trailer.subarray(0, magic.length).equals(magic) || version !== FORMAT_VERSION) {
    const seen = `payload format ${version}, this runtime reads format ${FORMAT_VERSION}`;
    throw new ProductError('PHPACK_E_PAYLOAD_FORMAT', seen);
  }
  const manifestBytes = trailer.readUInt32LE(12);
  const payloadBytes = Number(trailer.readBigUInt64LE(16));
  if (manifestBytes > MAX_MANIFEST_BYTES || payloadBytes > fileBytes) {
    throw damaged(`lengths in the trailer of ${path} exceed the file`);
  }
  const start = fileBytes - TRAILER_BYTES - manifestBytes;
  const bytes = readExactly(fd, start, manifestBytes);
  const hash = bytes && createHash('sha256').update(bytes).digest();
  if (!hash?.equals(trailer.subarray(24, 56))) {
    throw damaged(`the manifest of ${path} does not match its checksum`);
  }
  return checkedManifest(JSON.parse(bytes!.toString('utf8')), fileBytes);
}

/** Its hash is right, so this finds packagers at fault, not attackers or bad disks. */
function checkedManifest(value: unknown, fileBytes: number): PayloadManifest {
  const manifest = value as PayloadManifest;
  const { app, parts } = manifest;
  if (manifest.format !== FORMAT_VERSION || !isSha256(app?.sha256)) {
    throw damaged('the manifest is not one of this format');
  }
  for (const part of [parts?.app, parts?.php, parts?.channel, parts?.libphp]) {
    if (!isPartOf(part, fileBytes)) throw damaged('the manifest names no valid parts');
  }
  return manifest;
}

function isSha256(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isPartOf(part: PayloadPart | undefined, fileBytes: number): boolean {
  return (
    part !== undefined &&
    isSha256(part.sha256) &&
    Number.isSafeInteger(part.size) &&
    part.length >= 0 &&
    part.length <= part.fromEnd &&
    part.fromEnd <= fileBytes
  );
}

/** null when the file has fewer bytes there. */
function readExactly(fd: number, position: number, bytes: number): Buffer | null {
  if (position < 0) return null;
  const buffer = Buffer.alloc(bytes);
  for (let done = 0; done < bytes; ) {
    const read = readSync(fd, buffer, done, bytes - done, position + done);
    if (read === 0) return null;
    done += read;
  }
  return buffer;
}

function damaged(seen: string): ProductError {
  return new ProductError('PHPACK_E_PAYLOAD_DAMAGED', seen);
}
