import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { get } from './raw.ts';
import { type Site, startSite } from './site.ts';

const never = [
  'x.PHP',
  'x.Php',
  'x.php5',
  'x.php7',
  'x.php8',
  'x.phtml',
  'x.PHTML',
  'x.pht',
  'x.phps',
  'x.phpt',
  'x.phar',
  'x.inc',
  'x.INC',
  'x.php~',
  'x.php.bak',
  'x.PHP.BAK',
  'x.php.old',
  'x.php.orig',
  'x.php.save',
  'x.php.save.1',
  'x.php.swp',
  '.x.php.swp',
  'x.php.swo',
  'x.php.txt',
  'x.php.1',
  'x.php.html',
  'x.php_old',
  'x.php-2024',
  'x.phpbak',
  'x.php.',
  'x.php..',
  'x.php ',
  'x.php copy',
  'x.php::$DATA',
  'x.php.gz',
  'x.php.zip',
  '#x.php#',
  'x.inc.bak',
  'x.html~',
  'x.html.bak',
  'x.css.orig',
  'x.module',
  'x.install',
  'x.theme',
  'x.profile',
  'x.sql',
  'x.sql.gz',
  'x.SQL.zip',
  'x.sqlite',
  'x.sqlite3',
  'x.sqlite-wal',
  'x.db',
  'x.db-wal',
  'x.db-shm',
  'x.db-journal',
  'x.sqlite3-wal',
  'x.db.gz',
  'x.key',
  'id_ed25519',
  'x.kdbx',
  'CVS/Entries',
  'x.log',
  'x.ini',
  'x.twig',
  'composer.json',
  'Composer.JSON',
  'composer.lock',
  'composer.phar',
  'package.json',
  'package-lock.json',
  'yarn.lock',
  'phpunit.xml',
  'phpunit.xml.dist',
  'phpack.json',
  'auth.json',
  'Dockerfile',
  'docker-compose.yml',
  'Makefile',
  'web.config',
  'error_log',
  '.env',
  '.env.local',
  '.htaccess',
  '.htpasswd',
  '.user.ini',
  '.git/config',
  '.git/HEAD',
  '.svn/entries',
  '.DS_Store',
  '.idea/workspace.xml',
  'sub/.hidden/a.txt',
  'sub/.env',
  '.well-known/.env',
  '.well-known/a.php.bak',
  'sub/.well-known/a.txt',
];

const always = [
  'a.txt',
  'a.html',
  'a.js',
  'a.css',
  'a.json',
  'a.php.js',
  'mode-php.js',
  'jquery.inc.js',
  'jquery.ui.theme.css',
  'php.txt',
  'phpinfo',
  'a.sqlite.png',
  'company.profile.pdf',
  'Acme.Inc.docx',
  'room.theme.mp3',
  'incident.txt',
  'installation.html',
  'a.bak.txt',
  'intro.swf',
  'api.yaml',
  'id_ed25519.pub',
  'vendor/a.css',
  'Template/a.css',
  'catalog',
  'a..txt',
  '.well-known/security.txt',
  '.well-known/acme-challenge/token',
  'sub.d/a.txt',
];

let site: Site;
beforeAll(async () => {
  const files: Record<string, string> = { 'public/real.txt': 'real' };
  for (const name of [...never, ...always])
    files[`public/${name}`] = `content of ${name}`;
  site = await startSite({ files, config: { frontController: '', entryScripts: [] } });
});
afterAll(() => site.close());

function spellingsOf(name: string): string[] {
  const encoded = encodeURIComponent(name).replaceAll('%2F', '/');
  const everyByte = [...Buffer.from(name)]
    .map((byte) => (byte === 47 ? '/' : `%${byte.toString(16).padStart(2, '0')}`))
    .join('');
  return [
    `/${encoded}`,
    `//${encoded}`,
    `/./${encoded}`,
    `/x/../${encoded}`,
    `/${everyByte}`,
  ];
}

for (const name of never) {
  test(`${name} is never served, in no spelling`, async () => {
    for (const target of spellingsOf(name)) {
      const answer = await get(site.port, target);
      expect([target, answer.status]).toEqual([target, 404]);
      expect(answer.body).not.toContain('content of');
    }
  });
}

for (const name of always) {
  test(`${name} is served`, async () => {
    for (const target of spellingsOf(name)) {
      const answer = await get(site.port, target);
      expect([target, answer.status]).toEqual([target, 200]);
    }
  });
}

test.each([
  ['artisan', '#!/usr/bin/env php\n<?php'],
  ['bin/console', '#!/usr/bin/php8.4 -q\n'],
  ['db.lib', '<?php $password = 1;'],
  ['db.func', '\xef\xbb\xbf\n<?PHP'],
  ['short', '<?= 1'],
  ['mykey', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ['server.secret', '-----BEGIN PRIVATE KEY-----'],
  ['store', 'SQLite format 3\0'],
  ['pages.index', 'SQLite format 3\0'],
])('%s is not known by its name, but by its content', async (name, content) => {
  const bytes = Buffer.from(content, 'latin1');
  const file = site.write(`public/${name}`, bytes);
  expect((await get(site.port, `/${name}`)).status).toBe(404);
  writeFileSync(file, 'text that mentions <?php');
  expect((await get(site.port, `/${name}`)).status).toBe(200);
  writeFileSync(file, bytes);
  expect((await get(site.port, `/${name}`)).status).toBe(404);
});

test('a map is served, though it is a database', async () => {
  site.write('public/city.mbtiles', 'SQLite format 3\0');
  expect((await get(site.port, '/city.mbtiles')).status).toBe(200);
});

const strip = (text: string): string => text.replace(/Request [\w-]+/, '');

test('a denied name is answered exactly as one that does not exist', async () => {
  const [denied, missing] = [
    await get(site.port, '/.env'),
    await get(site.port, '/missing'),
  ];
  expect(strip(denied.body)).toBe(strip(missing.body));
  expect(Object.keys(denied.headers)).toEqual(Object.keys(missing.headers));
});
