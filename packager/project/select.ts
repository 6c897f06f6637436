import { closeSync, openSync, readSync } from 'node:fs';
import { type AppConfig, TRAILER_MAGIC } from '../../runtime/payload/format.ts';
import { PackagerError } from '../errors.ts';
import { compileGlobs, expandBraces, type Matcher } from './glob.ts';
import { holdsPrivateKey, maybePrivateKey, type Reason, rules } from './rules.ts';
import type { Selection } from './walk.ts';

export interface SelectionOptions {
  config: Pick<AppConfig, 'exclude' | 'include' | 'caches'>;
  /** Of the template. */
  leaveOut: readonly string[];
  /** Absolute paths that belong to this build: the output. */
  ownFiles: readonly string[];
  /** Directories that composer.json declares for development, relative. */
  developmentDirs: readonly string[];
}

/** Enough of a key file to see what it is. */
const HEAD_BYTES = 4096;
/** The base alone is larger. */
const SMALLEST_PRODUCT = 32 << 20;

/**
 * Puts the rules of phpack, of the template and of the app in order. Throws
 * PHPACK_E_CONFIG.
 */
export function createSelection(options: SelectionOptions): Selection {
  const { config, leaveOut, ownFiles, developmentDirs } = options;
  const isIncluded = compile('include', config.include);
  const isExcluded = compile('exclude', config.exclude);
  const isOfTemplate = compileGlobs(leaveOut);
  const caches = config.caches.map((path) => path.replace(/\/$/, ''));
  const byRule = rules.map(({ reason, globs }) => ({
    reason,
    matches: compileGlobs(globs),
  }));
  const isMaybeKey = compileGlobs(maybePrivateKey);
  const ruleOf = (path: string): Reason | null => {
    if (isExcluded(path)) return 'exclude';
    if (isOfTemplate(path)) return 'template';
    if (developmentDirs.includes(path)) return 'development';
    // What is in them was made here; the directory itself is made there.
    if (caches.some((cache) => path.startsWith(`${cache}/`))) return 'cache';
    return byRule.find(({ matches }) => matches(path))?.reason ?? null;
  };
  const wanted = config.include.flatMap(expandBraces).map((glob) => glob.split('/'));
  return {
    decide({ path, kind, absolute, size }, inherited) {
      if (ownFiles.includes(absolute)) return 'phpack';
      if (isIncluded(path)) return null;
      const reason = inherited ?? ruleOf(path);
      if (reason !== null || kind !== 'file') return reason;
      // Keys in vendor/ are published with the package: test data.
      if (isMaybeKey(path) && !path.startsWith('vendor/') && isPrivateKey(absolute)) {
        return 'secret';
      }
      return isProduct(absolute, size) ? 'phpack' : null;
    },
    maybeInside: (path) => wanted.some((segments) => canBeBelow(path, segments)),
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
