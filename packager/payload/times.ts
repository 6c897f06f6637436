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
const FIRST = Date.UTC(1995, 0, 1) / 1000;
const FIVE_YEARS = 5 * 365.25 * 86_400;

/**
 * Five years each, the later the younger. Apps compare files with those they are made from,
 * and would make them anew; servers send what lies compressed beside a file in its place
 * unless it is older, or stale: the compressed form of something else.
 */
const ages = ['stale', 'material', 'any', 'made', 'compressed'] as const;

export type Age = (typeof ages)[number];

/** Seconds since 1970; whatever is younger was not unpacked but written. */
export const LATEST_TIME = FIRST + ages.length * FIVE_YEARS;

export function timeOf(digest: Buffer, age: Age): number {
  // 48 bits: the rest of the division prefers nothing that matters.
  return FIRST + ages.indexOf(age) * FIVE_YEARS + (digest.readUIntBE(0, 6) % FIVE_YEARS);
}

const materials = [
  'less|s[ac]ss|styl|coffee|tsx?|jsx|vue|po|tpl|twig|latte|blade\\.php|phtml|mustache',
  'hbs|pug|ya?ml|neon|ini|xml|md',
].join('|');
const isMaterial = new RegExp(`\\.(?:${materials})$`, 'i');
const isMade = /\.(?:min\.\w+|mo)$/i;

/** Of a file, by its name. */
export function ageOf(path: string): Age {
  if (isMaterial.test(path)) return 'material';
  return isMade.test(path) ? 'made' : 'any';
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
