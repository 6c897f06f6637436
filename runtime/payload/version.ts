import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';
import type { AppConfig } from '../../contract/config.ts';
import { assertOwn } from './data-dir.ts';
import { outermost, parseWritable, type WritablePath } from './writable.ts';

/** Paths of the app that are links in its tree. */
export interface LinkedPaths {
  /** Live in `<data>/var`, survive upgrades. */
  writable: readonly WritablePath[];
  /** Derived from the code: live beside the tree and go with it. */
  caches: readonly WritablePath[];
}

/** Throws PHPACK_E_CONFIG when a path is not clean. */
export function linkedPaths(config: Pick<AppConfig, 'writable' | 'caches'>): LinkedPaths {
  const { writable, caches } = config;
  return { writable: parseWritable(writable), caches: parseWritable(caches, 'caches') };
}

/**
 * Part of every version's name: a new way of laying out the tree must not meet an old
 * tree.
 */
const LAYOUT = 1;

/** Name of the version's directory: hash of the tree, and of what else shapes it. */
export function versionOf(appSha256: string, paths: LinkedPaths): string {
  const shape = [LAYOUT, outermost(paths.writable), outermost(paths.caches)];
  const hash = createHash('sha256').update(JSON.stringify(shape)).digest('hex');
  return `${appSha256}-${hash.slice(0, 8)}`;
}

/** What `complete` contains; written last, so its presence means that all is there. */
export interface CompleteMark {
  app: string;
  files: number;
  /** The php.ini at the app's root, '' when there is none. */
  phpIni: string;
}

/** null unless the version is complete. Throws when it is not safely ours. */
export function readMark(home: string, appSha256: string): CompleteMark | null {
  try {
    assertOwn(home, 'directory');
    assertOwn(join(home, 'tree'), 'directory');
    assertOwn(join(home, 'complete'), 'file');
    const mark = JSON.parse(readFileSync(join(home, 'complete'), 'utf8')) as CompleteMark;
    return mark.app === appSha256 ? mark : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}
