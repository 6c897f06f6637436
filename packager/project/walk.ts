import { isUtf8 } from 'node:buffer';
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, PackagerError } from '../errors.ts';
import { resolveLink } from './links.ts';
import type { Reason } from './rules.ts';

export interface AppEntry {
  /** Relative to the app's root, with `/`. */
  path: string;
  kind: 'file' | 'directory' | 'symlink';
  /** 0o644 or 0o755: the rest of a file's mode is an accident of the vendor's umask. */
  mode: number;
  /** Bytes; 0 for what is not a file. */
  size: number;
  /** Of a symlink, relative. */
  linkTarget: string;
}

export interface LeftOut {
  path: string;
  reason: Reason;
}

export interface AppTree {
  root: string;
  /** Sorted by bytes, parents before what is in them. */
  entries: AppEntry[];
  leftOut: LeftOut[];
  warnings: string[];
}

/** A path to decide about. */
export interface Candidate {
  path: string;
  kind: AppEntry['kind'];
  absolute: string;
  size: number;
}

export interface Selection {
  /**
   * Why a path stays out, or null when it goes in. `inherited` is the reason of a
   * directory around it that is only walked because something in it may be wanted.
   */
  decide(candidate: Candidate, inherited: Reason | null): Reason | null;
  /** Whether something below a directory that stays out may be wanted all the same. */
  maybeInside(path: string): boolean;
  /** Links to directories that are packed in their place, and where they lead. */
  linkedPackages: ReadonlyMap<string, string>;
}

/**
 * Everything below `root` that becomes part of the product. Throws PHPACK_E_UNREADABLE,
 * PHPACK_E_CHANGED, PHPACK_E_FILE_NAME and PHPACK_E_LINK_OUTSIDE.
 */
export function walkApp(root: string, selection: Selection): AppTree {
  const tree: AppTree = { root, entries: [], leftOut: [], warnings: [] };
  walkDirectory(tree, '', null, selection);
  // Bytewise, whatever the locale; by code units it would be another order beyond the
  // BMP.
  const keyed = tree.entries.map((entry) => ({ entry, key: Buffer.from(entry.path) }));
  keyed.sort((a, b) => a.key.compare(b.key));
  tree.entries = keyed.map(({ entry }) => entry);
  return tree;
}

function walkDirectory(
  tree: AppTree,
  directory: string,
  inherited: Reason | null,
  selection: Selection,
): void {
  for (const bytes of listNames(tree.root, directory)) {
    const name = bytes.toString('utf8');
    const path = directory === '' ? name : `${directory}/${name}`;
    if (!isUtf8(bytes)) {
      leaveOutUnnameable(tree, path, inherited, selection, bytes);
      continue;
    }
    const absolute = join(tree.root, path);
    const stats = lookAt(absolute);
    const kind = selection.linkedPackages.has(path) ? 'directory' : kindOf(stats);
    if (kind === null) {
      tree.leftOut.push({ path, reason: 'special file' });
      continue;
    }
    const reason = selection.decide(
      { path, kind, absolute, size: stats.size },
      inherited,
    );
    if (kind === 'directory') {
      walkSubdirectory(tree, path, reason, selection);
    } else if (reason !== null) {
      tree.leftOut.push({ path, reason });
    } else {
      addEntry(tree, path, kind, stats, selection);
    }
  }
}

function walkSubdirectory(
  tree: AppTree,
  path: string,
  reason: Reason | null,
  selection: Selection,
): void {
  if (reason !== null && !selection.maybeInside(path)) {
    tree.leftOut.push({ path, reason });
    return;
  }
  const before = tree.entries.length;
  walkDirectory(tree, path, reason, selection);
  // Left out itself, a directory is there only for what was wanted in it.
  if (reason === null || tree.entries.length > before) {
    tree.entries.push({ path, kind: 'directory', mode: 0o755, size: 0, linkTarget: '' });
  }
}

function addEntry(
  tree: AppTree,
  path: string,
  kind: 'file' | 'symlink',
  stats: Stats,
  selection: Selection,
): void {
  if (kind === 'file') {
    const mode = (stats.mode & 0o111) === 0 ? 0o644 : 0o755;
    tree.entries.push({ path, kind, mode, size: stats.size, linkTarget: '' });
    return;
  }
  const { target, warning } = resolveLink(tree.root, path, selection.linkedPackages);
  if (warning) tree.warnings.push(warning);
  tree.entries.push({ path, kind, mode: 0o777, size: 0, linkTarget: target });
}

/**
 * An archive's names are UTF-8, and so is all that PHP is told of paths. Such a name may
 * only stay out; to globs, its odd bytes are one replacement character each.
 */
function leaveOutUnnameable(
  tree: AppTree,
  path: string,
  inherited: Reason | null,
  selection: Selection,
  bytes: Buffer,
): void {
  // As a directory: there is no looking into what has no name here.
  const candidate = { path, kind: 'directory', absolute: '', size: 0 } as const;
  const reason = selection.decide(candidate, inherited);
  if (reason === null) {
    const shown = join(dirname(path), bytes.toString('latin1'));
    throw new PackagerError('PHPACK_E_FILE_NAME', `the name of ${shown} is not UTF-8`);
  }
  tree.leftOut.push({ path, reason });
}

function listNames(root: string, directory: string): Buffer[] {
  const absolute = join(root, directory);
  try {
    return readdirSync(absolute, { encoding: 'buffer' });
  } catch (error) {
    const seen = `the directory ${absolute} cannot be read: ${errnoOf(error)}`;
    throw new PackagerError('PHPACK_E_UNREADABLE', seen, { cause: error });
  }
}

/** A directory may let its names be read, and nothing behind them (mode 0444). */
function lookAt(absolute: string): Stats {
  try {
    return lstatSync(absolute);
  } catch (error) {
    const isGone = errnoOf(error) === 'ENOENT';
    const seen = isGone
      ? `${absolute} has disappeared while it was packed`
      : `${absolute} cannot be read: ${errnoOf(error)}`;
    const code = isGone ? 'PHPACK_E_CHANGED' : 'PHPACK_E_UNREADABLE';
    throw new PackagerError(code, seen, { cause: error });
  }
}

function kindOf(stats: Stats): AppEntry['kind'] | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  return null;
}
