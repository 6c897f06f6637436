import { createHash, type Hash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { AppEntry } from '../project/walk.ts';

/**
 * Times of packed files are made from what is in them: apps put them into addresses
 * (`style.css?v=<?= filemtime(…) ?>`), so another content must have another time, and the
 * same one the same, on whatever machine it is packed. All are past, since compiled
 * templates are taken for fresh when they are younger than their source, and none is 0,
 * which OPcache takes for "changed".
 */
const START = Date.UTC(2000, 0, 1) / 1000;
const TEN_YEARS = 3652.5 * 86_400;

/** Seconds since 1970; whatever is younger was not unpacked but written. */
export const LATEST_TIME = START + 2 * TEN_YEARS;

/**
 * What a compressed file beside another one is: made from it or not. It is ten years younger
 * or older than it would be otherwise: servers send it in the other's place unless it is
 * older than that.
 */
export type Sibling = 'current' | 'stale';

export function timeOf(digest: Buffer, sibling?: Sibling): number {
  // 48 bits: the rest of the division prefers nothing that matters.
  const time = START + (digest.readUIntBE(0, 6) % TEN_YEARS);
  if (sibling === undefined) return time;
  return sibling === 'current' ? time + TEN_YEARS : time - TEN_YEARS;
}

/** The times of directories: of the names in them and of everything below. */
export class DirectoryTimes {
  readonly #hashes = new Map<string, Hash>();

  /** Every entry, those of a directory before the directory itself. */
  add({ path, kind, mode, linkTarget }: AppEntry, digest: Buffer | null): void {
    const hash = this.#hashOf(dirname(path));
    hash.update(`${kind} ${mode} ${basename(path)}\0${linkTarget}\0`);
    if (digest !== null) hash.update(digest);
  }

  /** When everything in it has been added. */
  digestOf(directory: string): Buffer {
    return this.#hashOf(directory).digest();
  }

  #hashOf(directory: string): Hash {
    const known = this.#hashes.get(directory);
    if (known) return known;
    const hash = createHash('sha256');
    this.#hashes.set(directory, hash);
    return hash;
  }
}
