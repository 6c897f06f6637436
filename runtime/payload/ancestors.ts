import { lstatSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf } from '../errors.ts';

/** Who may own what lies above a path, and who may write there. */
export interface Trust {
  isTrustedUser(uid: number): boolean;
  /** A group that may write as well: it is as good as its user. */
  isTrustedGroup(gid: number): boolean;
  /**
   * In a sticky directory (/tmp) only owners rename; but whoever comes first makes what is
   * not there.
   */
  isStickySafe: boolean;
}

/** Why a path cannot be relied on. */
export type Weakness =
  | { kind: 'owner'; path: string; uid: number }
  | { kind: 'writable' | 'loop' | 'file'; path: string };

/** After "it is below". */
export function describeWeakness(weakness: Weakness): string {
  const { path } = weakness;
  switch (weakness.kind) {
    case 'owner':
      return `${path}, which belongs to uid ${weakness.uid}`;
    case 'writable':
      return `${path}, which others may write`;
    case 'loop':
      return `a loop of links at ${path}`;
    case 'file':
      return `${path}, which is not a directory`;
    default:
      return weakness satisfies never;
  }
}

const MAX_LINKS = 40;

/**
 * Looks for a directory or link, from the root down to `path` itself, that is not trusted:
 * who owns it or may write there can put another one in its place. null when there is none;
 * what is missing can only be made by the trusted.
 */
export function findWeakness(
  path: string,
  trust: Trust,
  look: (path: string) => Stats | null = lstatIfExists,
): Weakness | null {
  let links = 0;
  const check = (directory: string): Weakness | null => {
    const above = directory === '/' ? null : check(dirname(directory));
    if (above) return above;
    const stats = look(directory);
    if (!stats) return null;
    const { uid } = stats;
    if (!trust.isTrustedUser(uid)) return { kind: 'owner', path: directory, uid };
    if (stats.isSymbolicLink()) {
      if (++links > MAX_LINKS) return { kind: 'loop', path: directory };
      return check(resolve(dirname(directory), readlinkSync(directory)));
    }
    if (!stats.isDirectory()) return { kind: 'file', path: directory };
    return canOthersRename(stats, trust) ? { kind: 'writable', path: directory } : null;
  };
  return check(path);
}

function canOthersRename({ mode, gid }: Stats, trust: Trust): boolean {
  if (trust.isStickySafe && (mode & 0o1000) !== 0) return false;
  if ((mode & 0o002) !== 0) return true;
  return (mode & 0o020) !== 0 && gid !== 0 && !trust.isTrustedGroup(gid);
}

/** What this process relies on for its own files: root and its user. */
export const ownTrust: Trust = {
  isTrustedUser: (uid) => uid === 0 || uid === process.geteuid!() || isUnmappedUser(uid),
  isTrustedGroup: (gid) => gid === process.getegid!(),
  isStickySafe: true,
};

/** In a user namespace, root's directories outside of it belong to the overflow user. */
function isUnmappedUser(uid: number): boolean {
  if (uid < 65534) return false;
  try {
    if (uid !== Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8')))
      return false;
    // Where every user has a number, it is one of them: `nobody`.
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return false;
  }
}

export function lstatIfExists(path: string): Stats | null {
  return orNull(() => lstatSync(path));
}

/** Of what a link leads to. */
export function statIfExists(path: string): Stats | null {
  return orNull(() => statSync(path));
}

function orNull(look: () => Stats): Stats | null {
  try {
    return look();
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
