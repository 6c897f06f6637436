/**
 * What a product says of itself, for `phpack build`, which writes it, and for the product
 * and `phpack inspect`, which read it. It stands behind the base executable:
 *
 *   base executable | part | part | … | manifest (JSON, UTF-8) | trailer (trailer.ts)
 *
 * Distances in the manifest count from the END of the file backwards to the part's first
 * byte, so that tools which enlarge the ELF in front of it do not matter. Start-up reads
 * the trailer and the manifest from /proc/self/exe and nothing else.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import {
  decodeTrailer,
  encodeTrailer,
  FORMAT_VERSION,
  TRAILER_BYTES,
  type TrailerFault,
} from './trailer.ts';

export interface PayloadPart {
  /** Distance of the part's first byte from the end of the file. */
  fromEnd: number;
  /** Bytes in the file, compressed by zstd. */
  length: number;
  /** Bytes after decoding. */
  size: number;
  /** Of the decoded bytes, hex. */
  sha256: string;
}

/** A source of PHP that is not the pinned one, as the vendor has allowed. */
export interface Substitute {
  name: string;
  version: string;
  /** The pinned version. */
  pinned: string;
}

/** Of libphp.json, what is shown of it. */
export interface Libphp {
  components: readonly {
    name: string;
    version: string;
    licence: string;
    /** Of the file with the source. */
    sha256: string;
  }[];
}

export interface PayloadManifest {
  format: typeof FORMAT_VERSION;
  target: string;
  phpackVersion: string;
  app: {
    name: string;
    /** Content address: sha256 of the decoded tar; names the extracted directory. */
    sha256: string;
    files: number;
    template: string;
    /** Relative to the app root; '' is the root itself. */
    documentRoot: string;
  };
  parts: {
    /** ustar/pax archive of the app tree, with modes, symlinks, and times made of content. */
    app: PayloadPart;
    php: PayloadPart;
    channel: PayloadPart;
    /** libphp.json: what `php` is made of. */
    libphp: PayloadPart;
  };
  /** What libphp.json says of versions and extensions. */
  php: {
    version: string;
    extensions: readonly string[];
    substitutes: readonly Substitute[];
  };
  /** The app's configuration: template merged with phpack.json. See docs/reference/config.md. */
  config: unknown;
}

export type PartName = keyof PayloadManifest['parts'];

/** A part as it was written, before it is known how far it is from the file's end. */
export interface WrittenPart extends Omit<PayloadPart, 'fromEnd'> {
  /** From the start of the file. */
  offset: number;
}

/** The manifest but for what `sealPayload` adds. */
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
  return Buffer.concat([manifest, trailerOf(manifest, fileBytes - baseBytes)]);
}

function trailerOf(manifest: Buffer, partBytes: number): Buffer {
  return encodeTrailer({
    manifestSha256: createHash('sha256').update(manifest).digest(),
    manifestBytes: manifest.length,
    payloadBytes: partBytes + manifest.length,
  });
}

export interface ReadManifest {
  kind: 'manifest';
  manifest: PayloadManifest;
  /** Parts and manifest. */
  payloadBytes: number;
}

/** Reads trailer and manifest of an open file of `fileBytes`, and nothing else of it. */
export function readManifest(fd: number, fileBytes: number): ReadManifest | TrailerFault {
  const tail = readExactly(fd, fileBytes - TRAILER_BYTES, TRAILER_BYTES);
  if (tail === null) return { kind: 'absent' };
  const read = decodeTrailer(tail, fileBytes);
  if (read.kind !== 'trailer') return read;
  const { manifestBytes, manifestSha256, payloadBytes } = read.trailer;
  const start = fileBytes - TRAILER_BYTES - manifestBytes;
  const bytes = readExactly(fd, start, manifestBytes);
  const hash = bytes && createHash('sha256').update(bytes).digest();
  if (!hash?.equals(manifestSha256)) {
    return { kind: 'damaged', what: 'its manifest does not match the checksum' };
  }
  const manifest = JSON.parse(bytes!.toString('utf8')) as PayloadManifest;
  const what = faultOf(manifest, fileBytes);
  if (what !== null) return { kind: 'damaged', what };
  return { kind: 'manifest', manifest, payloadBytes };
}

/** Its hash is right, so this finds packagers at fault, not attackers or bad disks. */
function faultOf(
  { format, app, parts }: PayloadManifest,
  fileBytes: number,
): string | null {
  if (format !== FORMAT_VERSION || !isSha256(app?.sha256)) {
    return 'its manifest is not of this format';
  }
  const all = [parts?.app, parts?.php, parts?.channel, parts?.libphp];
  return all.every((part) => isPartOf(part, fileBytes))
    ? null
    : 'its manifest names no valid parts';
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
