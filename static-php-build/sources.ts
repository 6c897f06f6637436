/**
 * Every third-party source, pinned. The hash is the only thing that is trusted: where the
 * bytes come from does not matter. `url` is the project's own address; where Debian had to
 * repack a tarball (licence of the documentation, mostly), `debian.sha256` pins that one
 * as well, and either will do because both hold the same code.
 */
export interface Source {
  name: string;
  version: string;
  /** Versions that may stand in for it when the pinned file is gone: same prefix. */
  series: string;
  url: string;
  sha256: string;
  /** Bytes; a cheap first check and the total of a progress line. */
  size: number;
  licence: string;
  /** Path of the licence text inside the unpacked tree. */
  licenceFile: string;
  debian: { package: string; file: string; sha256?: string; size?: number };
}

export const sources: readonly Source[] = [
];
