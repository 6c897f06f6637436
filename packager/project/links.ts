import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import { leadsOutside } from '../../contract/paths.ts';
import { PackagerError } from '../errors.ts';

/**
 * What a symlink of the app leads to, relative to its own directory: absolute ones inside
 * the app (Laravel's `storage:link` makes such) are rewritten. What leads out of the app
 * would lead nowhere, or to a stranger's file, on the customer's machine:
 * PHPACK_E_LINK_OUTSIDE. `packed` are directories outside by the paths they get inside.
 */
export function resolveLink(
  root: string,
  path: string,
  packed: ReadonlyMap<string, string> = new Map(),
): { target: string; warning: string | null } {
  const given = readlinkSync(join(root, path));
  const inApp = isAbsolute(given)
    ? placeOf(root, given, packed)
    : normalize(join(dirname(path), given)).replace(/(?<=.)\/$/, '');
  if (leadsOutside(inApp)) throw outside(path, given);
  const target = isAbsolute(given) ? relative(dirname(path), inApp) || '.' : given;
  try {
    // Also through links on the way, which the comparison of names above does not see.
    const real = placeOf(root, realpathSync(join(root, path)), packed);
    if (leadsOutside(real)) throw outside(path, given);
    return { target, warning: null };
  } catch (error) {
    if (error instanceof PackagerError) throw error;
    return { target, warning: `${path} is a link to ${given}, which does not exist` };
  }
}

/**
 * Of an absolute path, by either name of a root that is itself reached through a link.
 */
function placeOf(
  root: string,
  given: string,
  packed: ReadonlyMap<string, string>,
): string {
  const byName = relative(root, given);
  if (!leadsOutside(byName)) return byName;
  for (const [path, real] of packed) {
    const inside = relative(real, given);
    if (!leadsOutside(inside)) return join(path, inside);
  }
  return relative(realpathSync(root), given);
}

/** Those of the paths that are links out of the app, and the directories behind them. */
export function linksOut(root: string, paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const absolute = join(root, path);
    if (!lstatSync(absolute, { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) continue;
    const real = realpathSync(absolute);
    if (leadsOutside(placeOf(root, real, found))) found.set(path, real);
  }
  return found;
}

function outside(path: string, given: string): PackagerError {
  const seen = `the link ${path} leads out of the app, to ${given}`;
  return new PackagerError('PHPACK_E_LINK_OUTSIDE', seen);
}
