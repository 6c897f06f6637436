import { createHash } from 'node:crypto';
import {
  FORMAT_VERSION,
  type PayloadManifest,
  type PayloadPart,
  TRAILER_BYTES,
  TRAILER_MAGIC,
} from '../../contract/manifest.ts';

/** A part as it was written, before it is known how far it is from the file's end. */
export interface WrittenPart extends Omit<PayloadPart, 'fromEnd'> {
  /** From the start of the file. */
  offset: number;
}

export type PartName = keyof PayloadManifest['parts'];

/** The manifest but for the distances, which `sealPayload` computes. */
export type ManifestDraft = Omit<PayloadManifest, 'parts' | 'format'>;

/**
 * Manifest and trailer for a file of `fileBytes` so far, whose payload began at
 * `baseBytes`. The distances depend on the manifest's length and its length on their
 * digits: repeated until both agree.
 */
export function sealPayload(
  draft: ManifestDraft,
  parts: Readonly<Record<PartName, WrittenPart>>,
  fileBytes: number,
  baseBytes: number,
): Buffer {
  let manifest = Buffer.alloc(0);
  for (let length = -1; length !== manifest.length; ) {
    length = manifest.length;
    const end = fileBytes + length + TRAILER_BYTES;
    const placed = Object.entries(parts).map(([name, { offset, ...part }]) => {
      return [name, { fromEnd: end - offset, ...part }];
    });
    const whole = { format: FORMAT_VERSION, ...draft, parts: Object.fromEntries(placed) };
    manifest = Buffer.from(JSON.stringify(whole));
  }
  const payloadBytes = fileBytes - baseBytes + manifest.length;
  return Buffer.concat([manifest, encodeTrailer(manifest, payloadBytes)]);
}

function encodeTrailer(manifest: Buffer, payloadBytes: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.write(TRAILER_MAGIC, 0, 'latin1');
  trailer.writeUInt32LE(FORMAT_VERSION, 8);
  trailer.writeUInt32LE(manifest.length, 12);
  trailer.writeBigUInt64LE(BigInt(payloadBytes), 16);
  createHash('sha256').update(manifest).digest().copy(trailer, 24);
  trailer.write(TRAILER_MAGIC, TRAILER_BYTES - TRAILER_MAGIC.length, 'latin1');
  return trailer;
}
