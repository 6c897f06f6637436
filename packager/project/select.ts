import { closeSync, openSync, readSync } from 'node:fs';
import type { AppConfig } from '../../contract/config.ts';
import { TRAILER_MAGIC } from '../../contract/trailer.ts';
import { PackagerError } from '../errors.ts';
import { type NamedPaths, nothingNamed } from './autoload.ts';
import { compileGlobs, expandBraces, type Matcher } from '../../contract/glob.ts';
import { holdsPrivateKey, maybePrivateKey, type Reason, rules } from './rules.ts';
import type { Selection } from './walk.ts';

export interface SelectionOptions {
  config: Pick<AppConfig, 'exclude' | 'include' | 'caches'>;
  /** Of the template. */
  leaveOut: readonly string[];
  /** Absolute paths that belong to this build: the output. */
  ownFiles: readonly string[];
  composer: ComposerPaths | null;
}

/** What Composer says of the app's paths; all are relative to its root. */
export interface ComposerPaths {
  vendorDir: string;
  /** Of `autoload-dev`: left out, unless the autoloader names them. */
  developmentPaths: readonly string[];
  /** By the autoloader. */
  named: NamedPaths;
  /** Links to packages outside of the app, and where they lead: packed in their place. */
  linkedPackages: ReadonlyMap<string, string>;
}

/** Enough of a key file to see what it is. */
const HEAD_BYTES = 4096;
/** The base alone is larger. */
const SMALLEST_PRODUCT = 32 << 20;
/** What PHP loads is part of the app, whatever rules of thumb say. */
const yielding: ReadonlySet<Reason> = new Set([
  'development',
  'template',
  'editor',
  'version control',
]);

/**
 * Puts the rules of phpack, of the template and of the app in order. Throws
 * PHPACK_E_CONFIG.
 */
export function createSelection(options: SelectionOptions): Selection {
  const { config, leaveOut, ownFiles, composer } = options;
  const isIncluded = compile('include', config.include);
  const isExcluded = compile('exclude', config.exclude);
  const isOfTemplate = compileGlobs(leaveOut);
  const caches = config.caches.map((path) => path.replace(/\/$/, ''));
  const byRule = rules.map(({ reason, globs }) => ({
    reason,
    matches: compileGlobs(globs),
  }));
  const isMaybeKey = compileGlobs(maybePrivateKey);
  const linked = composer?.linkedPackages ?? new Map<string, string>();
  const development = new Set([
    ...(composer?.developmentPaths ?? []),
    // What a package is developed with; the app's autoloader has all that it needs.
    ...[...linked.keys()].map((path) => `${path}/vendor`),
  ]);
  const vendor = `${composer?.vendorDir ?? 'vendor'}/`;
  const named = composer?.named ?? nothingNamed;
  const ruleOf = (path: string): Reason | null => {
    if (isExcluded(path)) return 'exclude';
    // What is in them was made here; the directory itself is made there.
    if (caches.some((cache) => path.startsWith(`${cache}/`))) return 'cache';
    if (isOfTemplate(path)) return 'template';
    if (development.has(path)) return 'development';
    return byRule.find(({ matches }) => matches(ownPath(path)))?.reason ?? null;
  };
  // A linked package is somebody's working copy, as the app is: the same rules hold in it.
  const ownPath = (path: string): string => {
    const around = [...linked.keys()].find((one) => path.startsWith(`${one}/`));
    return around === undefined ? path : path.slice(around.length + 1);
  };
  const wanted = config.include.flatMap(expandBraces).map((glob) => glob.split('/'));
  return {
    decide({ path, kind, absolute, size }, inherited) {
      if (ownFiles.includes(absolute)) return 'phpack';
      if (isIncluded(path)) return null;
      const isFinal = inherited !== null && !yielding.has(inherited);
      const reason = isFinal ? inherited : (ruleOf(path) ?? inherited);
      if (reason !== null && !(yielding.has(reason) && named.has(path))) return reason;
      if (kind !== 'file') return null;
      // Keys in vendor/ are published with the package: test data. Code may speak of keys.
      const isPublished = path.startsWith(vendor) && ownPath(path) === path;
      const isPublic = isPublished || named.has(path);
      if (isMaybeKey(path) && !isPublic && isPrivateKey(absolute)) return 'secret';
      return isProduct(absolute, size) ? 'phpack' : null;
    },
    maybeInside: (path) =>
      named.isAbove(path) || wanted.some((segments) => canBeBelow(path, segments)),
    linkedPackages: linked,
  };
}

function canBeBelow(directory: string, segments: readonly string[]): boolean {
  const parts = directory.split('/');
  for (const [index, part] of parts.entries()) {
    const segment = segments[index];
    if (segment === '**') return true;
    if (segment === undefined || !compileGlobs([segment])(part)) return false;
  }
  return segments.length > parts.length;
}

function compile(key: string, globs: readonly string[]): Matcher {
  try {
    return compileGlobs(globs);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PackagerError('PHPACK_E_CONFIG', `${key}: ${why}`, { cause: error });
  }
}

function isPrivateKey(file: string): boolean {
  return holdsPrivateKey(readText(file, 0, HEAD_BYTES));
}

/** What an earlier build has left in the app's directory. */
function isProduct(file: string, size: number): boolean {
  if (size < SMALLEST_PRODUCT) return false;
  const length = TRAILER_MAGIC.length;
  return readText(file, size - length, length) === TRAILER_MAGIC;
}

/** Unreadable files are the archive's business, which says so. */
function readText(file: string, position: number, length: number): string {
  let fd = -1;
  try {
    fd = openSync(file, 'r');
    const buffer = Buffer.alloc(length);
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, length, position));
  } catch {
    return '';
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}
