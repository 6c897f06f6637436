/**
 * Debian packages the application tests need on the machine, in one list:
 * bootstrap installs them as root, `phpack doctor` names them otherwise.
 * `command` is what tells that the package is there already.
 */
export const testRequirements: readonly {
  command: string;
  package: string;
  why: string;
}[] = [
  {
    command: 'composer',
    package: 'composer',
    why: 'vendor/ of the Symfony and Laravel apps',
  },
  { command: 'unzip', package: 'unzip', why: 'the SQLite drop-in of WordPress' },
  { command: 'curl', package: 'curl', why: 'uploads and downloads of any size' },
  { command: 'mariadbd', package: 'mariadb-server', why: 'WordPress on MariaDB' },
  {
    command: 'pg_ctlcluster',
    package: 'postgresql',
    why: 'smoke tests of pgsql, pdo_pgsql',
  },
  { command: 'redis-server', package: 'redis-server', why: 'smoke test of redis' },
  {
    command: 'openssl',
    package: 'openssl',
    why: 'certificates for smoke tests over TLS',
  },
  { command: 'debootstrap', package: 'debootstrap', why: 'chroots of Debian releases' },
];
