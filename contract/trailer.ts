/**
 * The last bytes of a product, by which it is known and verified. All integers little
 * endian.
 *
 *     at  bytes
 *      0     64  Ed25519 signature of the bytes behind it; zeros: not signed
 *     64      8  id of the key that it is of; zeros: not signed
 *     72     32  SHA-256 of the manifest, which has those of the parts
 *    104      8  length of the payload: parts and manifest
 *    112      4  length of the manifest
 *    116      4  format
 *    120      8  magic
 *
 * Format and magic have this place in every format, so that each reader can tell what it
 * cannot read. The room of the signature is there although nobody signs yet: a product in
 * the field could not be given it later.
 */
export const TRAILER_MAGIC = 'phpack\x00\x01';
export const FORMAT_VERSION = 3;
export const TRAILER_BYTES = 128;

const MAGIC = Buffer.from(TRAILER_MAGIC, 'latin1');
/** A manifest is a few kilobytes; more would be read into memory for nothing. */
const MAX_MANIFEST_BYTES = 16 << 20;

export interface Trailer {
  manifestSha256: Buffer;
  manifestBytes: number;
  /** Parts and manifest. */
  payloadBytes: number;
}

export type TrailerFault =
  /** Not the end of a product. */
  | { kind: 'absent' }
  /** The format is another one. */
  | { kind: 'format'; version: number }
  /** By a key, in hex; no reader knows any yet, and what it cannot verify it refuses. */
  | { kind: 'signed'; keyId: string }
  | { kind: 'damaged'; what: string };

export function encodeTrailer(fields: Trailer): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  fields.manifestSha256.copy(trailer, 72);
  trailer.writeBigUInt64LE(BigInt(fields.payloadBytes), 104);
  trailer.writeUInt32LE(fields.manifestBytes, 112);
  trailer.writeUInt32LE(FORMAT_VERSION, 116);
  MAGIC.copy(trailer, 120);
  return trailer;
}

/** `bytes`: the last TRAILER_BYTES of a file of `fileBytes`. */
export function decodeTrailer(
  bytes: Buffer,
  fileBytes: number,
): { kind: 'trailer'; trailer: Trailer } | TrailerFault {
  if (!bytes.subarray(120).equals(MAGIC)) return { kind: 'absent' };
  const version = bytes.readUInt32LE(116);
  if (version !== FORMAT_VERSION) return { kind: 'format', version };
  if (bytes.subarray(0, 72).some((byte) => byte !== 0)) {
    return { kind: 'signed', keyId: bytes.toString('hex', 64, 72) };
  }
  const payloadBytes = Number(bytes.readBigUInt64LE(104));
  const manifestBytes = bytes.readUInt32LE(112);
  if (payloadBytes > fileBytes - TRAILER_BYTES) {
    return { kind: 'damaged', what: 'bytes are missing' };
  }
  if (manifestBytes > Math.min(payloadBytes, MAX_MANIFEST_BYTES)) {
    return { kind: 'damaged', what: 'its manifest has an impossible length' };
  }
  const manifestSha256 = bytes.subarray(72, 104);
  return { kind: 'trailer', trailer: { manifestSha256, manifestBytes, payloadBytes } };
}
