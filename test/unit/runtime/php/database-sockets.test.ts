import type { Stats } from 'node:fs';
import { expect, test } from 'vitest';
import {
  findMysqlSocket,
  findPostgresDirectory,
  type Machine,
} from '../../../../runtime/php/database-sockets.ts';

const [mysql, postgres, ada] = [103, 101, 1000];
const passwd = `root:x:0:0::/root:/bin/sh
mysql:x:${mysql}:106::/nonexistent:/bin/false
postgres:x:${postgres}:104::/var/lib/postgresql:/bin/sh
ada:x:${ada}:${ada}::/home/ada:/bin/sh
`;

type Entry = [kind: 'directory' | 'socket', uid: number, mode?: number, gid?: number];

/** Directories of the system are root's; those of the cases are given by path. */
function machine(entries: Readonly<Record<string, Entry>>, uid = ada + 1): Machine {
  const system: Record<string, Entry> = {};
  for (const path of ['/', '/run', '/var', '/var/lib', '/var/run']) {
    system[path] = ['directory', 0];
  }
  const all: Record<string, Entry | undefined> = { ...system, ...entries };
  const look = (path: string): Stats | null => {
    const entry = all[path];
    if (!entry) return null;
    const [kind, owner, mode = 0o755, gid = 0] = entry;
    const is = (one: string) => () => one === kind;
    return {
      uid: owner,
      mode,
      gid,
      isDirectory: is('directory'),
      isSocket: is('socket'),
      isSymbolicLink: is('link'),
    } as unknown as Stats;
  };
  return { look, passwd, uid };
}

const debian = '/run/mysqld/mysqld.sock';
const redHat = '/var/lib/mysql/mysql.sock';
const none = '/data/run/mysqld.sock';

test.each<[string, Record<string, Entry>, string]>([
  ['no database here', {}, debian],
  [
    'Debian',
    { '/run/mysqld': ['directory', mysql], [debian]: ['socket', mysql, 0o777] },
    debian,
  ],
  [
    'Red Hat',
    { '/var/lib/mysql': ['directory', mysql], [redHat]: ['socket', mysql, 0o777] },
    redHat,
  ],
  [
    'made by the same user as ours',
    { '/var/lib/mysql': ['directory', ada + 1], [redHat]: ['socket', ada + 1] },
    redHat,
  ],
  [
    'in /tmp only',
    { '/tmp': ['directory', 0, 0o1777], '/tmp/mysql.sock': ['socket', mysql] },
    debian,
  ],
  [
    "another user's socket in the database's directory",
    { '/var/lib/mysql': ['directory', mysql], [redHat]: ['socket', ada] },
    debian,
  ],
  [
    "another user's directory",
    { '/run/mysqld': ['directory', ada], [debian]: ['socket', mysql] },
    redHat,
  ],
  [
    'a directory that others may write',
    { '/run/mysqld': ['directory', mysql, 0o777], [debian]: ['socket', mysql] },
    redHat,
  ],
  [
    'a sticky one: the database stops, and its place is free',
    { '/run/mysqld': ['directory', mysql, 0o1777], [debian]: ['socket', mysql] },
    redHat,
  ],
  [
    "a strange group's",
    { '/run/mysqld': ['directory', mysql, 0o775, ada], [debian]: ['socket', mysql] },
    redHat,
  ],
  [
    'a file of that name',
    { '/run/mysqld': ['directory', mysql], [debian]: ['directory', mysql] },
    debian,
  ],
  [
    'no place is safe',
    { '/run': ['directory', 0, 0o1777], '/var': ['directory', 0, 0o777] },
    none,
  ],
])('“localhost” of MySQL: %s', (_, entries, expected) => {
  expect(findMysqlSocket('/data', machine(entries))).toBe(expected);
});

test.each<[string, Record<string, Entry>, string | null]>([
  ['not installed', {}, null],
  ['Debian', { '/var/run/postgresql': ['directory', postgres, 0o2775, 104] }, null],
  ["somebody else's", { '/var/run/postgresql': ['directory', ada] }, '/data/run'],
  ['open', { '/var/run/postgresql': ['directory', postgres, 0o1777] }, '/data/run'],
])('the default directory of PostgreSQL: %s', (_, entries, expected) => {
  expect(findPostgresDirectory('/data', machine(entries))).toBe(expected);
});
