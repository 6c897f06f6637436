import { readFileSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { findWeakness, lstatIfExists } from '../payload/ancestors.ts';

/** Debian and most others; Red Hat and MySQL's own packages; SUSE. */
const mysqlSockets = [
  '/run/mysqld/mysqld.sock',
  '/var/lib/mysql/mysql.sock',
  '/run/mysql/mysql.sock',
];
/** Users the packages of distributions make. */
const mysqlUsers = ['mysql', 'mariadb'];
/** What our libpq is built with: see static-php-build/recipes/libpq.ts. */
const postgresDirectory = '/var/run/postgresql';
const postgresUsers = ['postgres'];

export interface Machine {
  look: (path: string) => Stats | null;
  /** Content of /etc/passwd. */
  passwd: string;
  uid: number;
}

function thisMachine(): Machine {
  let passwd = '';
  try {
    passwd = readFileSync('/etc/passwd', 'utf8');
  } catch {
    // None in a bare container: then only root's and our own sockets count.
  }
  return { look: lstatIfExists, passwd, uid: process.geteuid!() };
}

/**
 * What `localhost` means to MySQL's clients on this machine: whoever has bound that socket
 * gets the password. So only sockets of root, the database's user or our own count, where
 * nobody else could have made them. Without any, the first place that others cannot write to,
 * as the database may not be running yet; at last one in the data directory.
 */
export function findMysqlSocket(
  dataDir: string,
  machine: Machine = thisMachine(),
): string {
  const owners = findOwners(mysqlUsers, machine);
  const places = mysqlSockets.filter((path) =>
    isProtected(dirname(path), owners, machine),
  );
  const isDatabases = (path: string): boolean => isSocketOf(path, owners, machine);
  return places.find(isDatabases) ?? places[0] ?? join(dataDir, 'run/mysqld.sock');
}

/**
 * Where libpq looks for a server when an app names none; null: its own default, which nobody
 * else can write to.
 */
export function findPostgresDirectory(
  dataDir: string,
  machine: Machine = thisMachine(),
): string | null {
  const owners = findOwners(postgresUsers, machine);
  const isSafe = isProtected(postgresDirectory, owners, machine);
  return isSafe ? null : join(dataDir, 'run');
}

interface Owners {
  users: ReadonlySet<number>;
  /** Their primary groups: Debian's /run/postgresql is writable by group postgres. */
  groups: ReadonlySet<number>;
}

function findOwners(names: readonly string[], { passwd, uid }: Machine): Owners {
  const accounts = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name = '']) => names.includes(name));
  return {
    users: new Set([0, uid, ...accounts.map(([, , user]) => Number(user))]),
    groups: new Set(accounts.map(([, , , group]) => Number(group))),
  };
}

function isSocketOf(path: string, owners: Owners, { look }: Machine): boolean {
  try {
    const stats = look(path);
    return stats !== null && stats.isSocket() && owners.users.has(stats.uid);
  } catch {
    // Where we may not even look, we could not connect either.
    return false;
  }
}

function isProtected(directory: string, owners: Owners, { look }: Machine): boolean {
  const trust = {
    isTrustedUser: (uid: number) => owners.users.has(uid),
    isTrustedGroup: (gid: number) => owners.groups.has(gid),
    // The database may stop, and anybody take its place.
    isStickySafe: false,
  };
  try {
    return findWeakness(directory, trust, look) === null;
  } catch {
    // As above.
    return false;
  }
}
