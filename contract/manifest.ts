/**
 * The contract between `phpack build` (packager/) and the product (runtime/): what stands
 * behind the base executable. All integers little endian.
 *
 *   base executable | part | part | … | manifest (JSON, UTF-8) | trailer (TRAILER_BYTES)
 *
 * Offsets in the manifest count from the END of the file backwards to the part's first
 * byte, so that tools which enlarge the ELF in front of it do not matter. Start-up reads
 * the trailer and the manifest from /proc/self/exe and nothing else.
 */

export type { AppConfig } from './config.ts';

export const TRAILER_MAGIC = 'phpack\x00\x01';
export const FORMAT_VERSION = 2;
/** magic 8 | version u32 | manifest length u32 | payload length u64 | sha256 of the manifest 32 | magic 8 */
export const TRAILER_BYTES = 64;

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
