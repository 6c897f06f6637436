import { existsSync } from 'node:fs';

/** Debian and most others; Red Hat; SUSE; MySQL's own packages. */
const places = [
  '/run/mysqld/mysqld.sock',
  '/var/lib/mysql/mysql.sock',
  '/run/mysql/mysql.sock',
  '/tmp/mysql.sock',
];

/**
 * What `localhost` means to MySQL's clients on this machine. A distribution's PHP knows it
 * when it is built; ours is built for all of them. The first place when the database is
 * not running yet.
 */
export function findMysqlSocket(exists: (path: string) => boolean = existsSync): string {
  return places.find((path) => exists(path)) ?? places[0]!;
}
