import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import { describeWeakness, findWeakness, lstatIfExists } from './ancestors.ts';
import { ownTrust, statIfExists } from './ancestors.ts';
import { outermost, type WritablePath } from './writable.ts';

/** A directory below `<data>/var` that an operator has replaced by a link to another disk. */
export interface MovedPlace {
  /** Relative to the app's root. */
  path: string;
  /** Where it really is, without any link. */
  target: string;
}

/**
 * The links on the way to writable paths, verified: each leads to an existing directory that
 * only root and we can change or exchange. Links *inside* of writable directories are the
 * app's, and are not followed. Throws PHPACK_E_DATA_DIR_UNSAFE, PHPACK_E_WRITABLE_PATH.
 */
export function findMovedPlaces(
  variable: string,
  paths: readonly WritablePath[],
): MovedPlace[] {
  const moved = new Map<string, string>();
  for (const { path, kind } of outermost(paths)) {
    const names = path.split('/');
    // A file may be a link as well, but nothing is looked for below it.
    const count = kind === 'directory' ? names.length : names.length - 1;
    for (let length = 1; length <= count; length++) {
      const part = names.slice(0, length).join('/');
      const place = join(variable, part);
      if (moved.has(part) || !lstatIfExists(place)?.isSymbolicLink()) continue;
      moved.set(part, assertSafeTarget(place));
    }
  }
  return [...moved].map(([path, target]) => ({ path, target }));
}

/** The real path of the directory that this link leads to. */
export function assertSafeTarget(link: string): string {
  let target: string;
  try {
    target = realpathSync(link);
  } catch (error) {
    const seen = `${link} is a link that leads nowhere (${errnoOf(error)})`;
    const remedy = 'Mount the disk, or correct or remove the link.';
    throw new ProductError('PHPACK_E_WRITABLE_PATH', seen, { remedy, cause: error });
  }
  const stats = statIfExists(target);
  if (!stats?.isDirectory()) {
    const seen = `${link} leads to ${target}, which is not a directory`;
    throw new ProductError('PHPACK_E_WRITABLE_PATH', seen);
  }
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8);
    const seen = `${link} leads to ${target}, which is writable by others (mode ${mode})`;
    const remedy = `Run: chmod go-w ${target}`;
    throw new ProductError('PHPACK_E_DATA_DIR_UNSAFE', seen, { remedy });
  }
  const weakness = findWeakness(link, ownTrust);
  if (!weakness) return target;
  const seen = `${link} leads to or is below ${describeWeakness(weakness)}`;
  throw new ProductError('PHPACK_E_DATA_DIR_UNSAFE', seen);
}
