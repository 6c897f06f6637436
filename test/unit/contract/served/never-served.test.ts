import { expect, test } from 'vitest';
import {
  isHidden,
  isNeverServed,
  nameRuleOf,
} from '../../../../contract/served/never-served.ts';

test.each([
  'a.php',
  'a.PHP.bak',
  'a.phtml',
  'a.inc',
  'a~',
  'composer.json',
  'a.sql.gz',
  'a.php. ',
  'id_rsa\n.1',
])('%s is never served', (name) => {
  expect(isNeverServed(name)).toBe(true);
});

test.each(['a.html', 'a.php.js', 'php', 'incoming', 'a.incl', 'sql.html', 'a~b', ''])(
  '%s may be served',
  (name) => {
    expect(isNeverServed(name)).toBe(false);
  },
);

/** Kinds of files, as their owners call them, each with what may be put behind a name. */
const kinds: Record<string, { names: string; behind: string }> = {
  databases: {
    names:
      'app.db x.sqlite x.sqlite3 x.sqlitedb My.S3DB a.db3 a.db5 b.mdb c.accdb c.accde ' +
      'users.frm t.MAD ib_logfile0 mysql-bin.000001 app.ldb app.lmdb app.fbk a.bson ' +
      'app.duckdb app.kv-wal',
    behind:
      '-wal -shm -journal -wal.gz .gz .1 .old .bak ~ _backup .2026-01-01.zip .tar.gz ' +
      '.wal .lock -lock .lck .note .management .corrupt .crdownload',
  },
  'private keys': {
    names:
      'tls.key server.PEM a.p12 a.pfx a.p8 release.jks my.keystore pass.kdbx a.ppk a.ovpn ' +
      'id_rsa id_dsa id_ecdsa id_ed25519 id_ed25519_sk id_rsa_github ssh_host_rsa_key ' +
      'deploy_rsa github-ed25519 backup_ecdsa_sk jwt.rsa code.pvk strong.snk a.priv ' +
      'store.bcfks pubring.kbx a.1pif secret.gpg my-private.pgp client_secret_1.json ' +
      'service-account-prod.json default.private',
    behind: '.old .bak ~ .1 .gz .zip -2026 _old',
  },
  'dumps and logs': {
    names: 'dump.sql x.mysql x.pgsql site.dump x.pgdump php.log error_log access_log',
    behind:
      '.gz .bz2 .xz .zst .zip .1 .2.gz -20260101 .2026-01-01.gz .old ~ .tar.gz .part',
  },
  'configuration and templates': {
    names: 'php.ini my.cnf prod.env nginx.conf phpstan.neon page.html.twig web.config',
    behind: '.bak .old .orig ~ .save .dist .1 .swp',
  },
  copies: {
    names:
      'a.html.bak a.css~ a.js.old a.txt.orig a.md.save a.c.rej a.xml.dist a.xml,v #a#',
    behind: ' .1 .gz',
  },
  'project files': {
    names:
      'composer.json composer.lock package.json yarn.lock bun.lockb phpunit.xml ' +
      'phpunit.dist.xml phinx.yml compose.prod.yaml ' +
      'Dockerfile Dockerfile.prod docker-compose.yml docker-compose.prod.yaml Makefile',
    behind: '.bak ~ .old .1 .gz',
  },
};

const generated = Object.entries(kinds).flatMap(([title, { names, behind }]) =>
  names.split(' ').map((name) => ({ title, name, behind: ['', ...behind.split(' ')] })),
);

test.each(generated)('$name is of the $title, whatever is behind it', (one) => {
  for (const end of one.behind) {
    for (const name of [one.name + end, (one.name + end).toUpperCase()]) {
      expect([name, isNeverServed(name)]).toEqual([name, true]);
    }
  }
  expect(nameRuleOf(one.name)?.title).toBe(one.title);
});

test.each([
  'intro.swf',
  'archive.swa',
  'api.yaml',
  'openapi.yml',
  'id_ed25519.pub',
  'tls.key.pub',
  'about-id_rsa.html',
  'id_rsa.html',
  'root.crt',
  'Template',
  'Root.css',
  'journal',
  'my-journal.html',
  'travel-journal.zip',
  'travel-journal.2024.tar.gz',
  'user.profile.json',
  'brand.theme.otf',
  'demo.install.mov',
  'deploy_rsa.pub',
  'about-rsa.html',
  'compose-guide.yml',
  'pak0.wal',
  'seed.lock',
  'db.js',
  'app.db.png',
  'sqlite3.wasm',
  'key',
  'monkey',
  'keys.json',
  'install.sh',
  'dockerfile.svg',
  'catalog.1',
  'release-1.0.zip',
  'site.tar.gz',
  'app.css.gz',
  'threshold.jpg',
])('%s is none of them', (name) => {
  expect(nameRuleOf(name)?.title).toBeUndefined();
});

test('no name takes a rule without end', () => {
  for (const part of ['.1', '.7z', '-wal', '~', '.gz.1', ' copy', '.db', '_1t1', '(1)']) {
    const name = `x.db${part.repeat(250 / part.length)}`;
    for (const end of ['', '!', '.html']) isNeverServed(name + end);
  }
});

test.each([
  ['/.env', true],
  ['/CVS/Root', true],
  ['/a/CVS', true],
  ['/a/CVS-log.txt', false],
  ['/a/.b/c', true],
  ['/.well-known/x', false],
  ['/.well-known/.x', true],
  ['/.well-known', true],
  ['/a/.well-known/x', true],
  ['/a.b/c.', false],
])('%s is hidden: %s', (path, hidden) => {
  expect(isHidden(path)).toBe(hidden);
});
