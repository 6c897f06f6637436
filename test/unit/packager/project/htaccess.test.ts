import { expect, test } from 'vitest';
import { closedDirectories } from '../../../../packager/project/htaccess.ts';
import { readProject } from '../../../../packager/project/project.ts';
import { temporaryTree } from '../tree.ts';

const denied = 'Require all denied\n';

test.each([
  ['one line', denied],
  [
    'either Apache',
    `# closed
     <IfModule mod_authz_core.c>
       Require all denied
     </IfModule>
     <IfModule !mod_authz_core.c>\r
       Order allow,deny\r
       Deny from all\r
     </IfModule>`,
  ],
  ['all files', '<Files "*">\nDeny from All\n</Files>\nOptions -Indexes\n'],
  ['all names', '<FilesMatch "^.*$">\nDeny from All\n</FilesMatch>'],
  ['all that is read', '<Limit GET POST>\nDeny from All\n</Limit>'],
  ['one line among others', `RewriteEngine On\n${denied}AddType text/plain .dat`],
  ['one line beside a section', `${denied}<Files x.cgi>\nSetHandler none\n</Files>`],
  ['a line with a comment', 'Require all  denied # of the app only'],
  ['what it rewrites', 'RewriteEngine On\nRewriteRule ^(.*)$ - [F,L]'],
  ['what it rewrites to nothing', 'RewriteRule .* - [R=404,L]'],
  ['a redirection', 'RedirectMatch 403 ^/.*$'],
])('a directory is closed by %s', (_, text) => {
  using tree = temporaryTree({ 'web/data/.htaccess': text, 'web/data/a/b.txt': '' });
  expect(closedDirectories(tree.root, 'web')).toEqual(['data']);
});

test.each([
  ['some files only', '<FilesMatch "\\.inc$">\nRequire all denied\n</FilesMatch>'],
  ['some visitors only', 'Require ip 10.0.0.0/8'],
  ['what it rewrites', 'RewriteEngine On\nRewriteRule ^ index.php'],
  ['some names', 'RewriteRule \\.inc$ - [F]'],
  ['a condition', 'RewriteCond %{HTTPS} off\nRewriteRule .* - [F]'],
  ['other names', 'RewriteRule ^a/ - [L]\nRewriteRule .* - [F]'],
  ['what is written only', '<Limit POST PUT>\nDeny from all\n</Limit>'],
  ['all but reading', '<LimitExcept GET>\nDeny from all\n</LimitExcept>'],
  ['an address', `${denied}Allow from 10.0.0.1`],
  ['an exception', `${denied}<FilesMatch "\\.css$">\nAllow from all\n</FilesMatch>`],
  ['a comment', `# ${denied}`],
])('a directory is not closed by %s', (_, text) => {
  using tree = temporaryTree({ 'data/.htaccess': text });
  expect(closedDirectories(tree.root, '')).toEqual([]);
});

test('a directory in it may be opened again, its files and others stay closed', () => {
  using tree = temporaryTree({
    'lib/.htaccess': denied,
    'lib/users.json': '',
    'lib/css/.htaccess': 'Require all granted',
    'lib/css/deep/a.css': '',
    'lib/css/src/.htaccess': denied,
    'lib/data/a/b.txt': '',
    'lib/vendor/acme/readme.txt': '',
    'lib/vendor/acme/public/.htaccess': 'Allow from all',
  });
  expect(new Set(closedDirectories(tree.root, ''))).toEqual(
    new Set([
      'lib/.htaccess',
      'lib/users.json',
      'lib/css/src',
      'lib/data',
      'lib/vendor/acme/readme.txt',
    ]),
  );
});

test('neither the document root nor what lies beside it counts', () => {
  using tree = temporaryTree({
    'web/.htaccess': denied,
    'web/index.php': '',
    'app/.htaccess': denied,
  });
  expect(closedDirectories(tree.root, 'web')).toEqual([]);
});

test('closed directories are denied, whatever phpack.json denies', () => {
  using tree = temporaryTree({
    'index.php': '',
    'a[1]/.htaccess': denied,
    'vendor/.htaccess': denied,
    'phpack.json': '{"deny": ["vendor/", "*.txt"]}',
  });
  const { config, closed } = readProject({ directory: tree.root, cwd: '/' });
  expect(config.deny).toEqual(['vendor/', '*.txt', 'a?1?/**']);
  expect(closed).toEqual(['a[1]']);
});
