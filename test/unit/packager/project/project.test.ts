import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { mergeConfig } from '../../../../packager/project/config.ts';
import { readProject } from '../../../../packager/project/project.ts';
import { loadTemplates, templateConfig } from '../../../../packager/project/template.ts';
import { checkConfig } from '../../../../runtime/config/check.ts';
import { PathRules } from '../../../../contract/served/path-rules.ts';
import { type TreeContent, temporaryTree } from '../tree.ts';

const composer = (...names: string[]): string =>
  JSON.stringify({ require: Object.fromEntries(names.map((name) => [name, '*'])) });
const installed = JSON.stringify({ packages: [] });

const apps: readonly [
  name: string,
  tree: TreeContent,
  template: string,
  docroot: string,
][] = [
  [
    'Drupal by Composer',
    {
      'composer.json': composer('drupal/core-recommended'),
      'vendor/composer/installed.json': installed,
      'web/index.php': '',
      'web/core/lib/Drupal.php': '',
    },
    'drupal',
    'web',
  ],
  [
    'Drupal from an archive',
    { 'index.php': '', 'core/lib/Drupal.php': '' },
    'drupal',
    '',
  ],
  [
    'WordPress',
    { 'index.php': '', 'wp-load.php': '', 'wp-includes/version.php': '' },
    'wordpress',
    '',
  ],
  [
    'WordPress by Bedrock',
    {
      'composer.json': composer('roots/wordpress'),
      'vendor/composer/installed.json': installed,
      'config/application.php': '',
      'web/index.php': '',
      'web/wp/wp-load.php': '',
    },
    'bedrock',
    'web',
  ],
  [
    'MediaWiki',
    { 'index.php': '', 'load.php': '', 'api.php': '', 'includes/WebStart.php': '' },
    'mediawiki',
    '',
  ],
  [
    'Laravel',
    { artisan: '', 'bootstrap/app.php': '', 'public/index.php': '' },
    'laravel',
    'public',
  ],
  [
    'Symfony',
    {
      'composer.json': composer('symfony/framework-bundle'),
      'vendor/composer/installed.json': installed,
      'public/index.php': '',
    },
    'symfony',
    'public',
  ],
  ['scripts with a public directory', { 'public/index.php': '' }, 'plain', 'public'],
  [
    'CakePHP',
    { 'index.php': '', 'webroot/index.php': '', 'config/app.php': '' },
    'plain',
    'webroot',
  ],
  ['a directory of scripts', { 'index.php': '', 'lib/a.php': '' }, 'plain', ''],
  ['a single script', { 'tool.php': '' }, 'plain', ''],
];

test.each(apps)('%s is recognised', (_, content, template, docroot) => {
  using tree = temporaryTree(content);
  const { config } = readProject({ directory: tree.root, cwd: '/' });
  expect([config.template, config.documentRoot]).toEqual([template, docroot]);
  expect(checkConfig(config)).toEqual(config);
  expect(JSON.stringify(config)).not.toContain('{docroot}');
});

test('what phpack.json and flags say is stronger than what is recognised', () => {
  using tree = temporaryTree({
    'phpack.json': '{"name": "shop", "template": "plain", "php": {"ini": {"x": "1"}}}',
    'wp-load.php': '',
    'wp-includes/version.php': '',
    'site/index.php': '',
  });
  const options = {
    directory: tree.root,
    cwd: '/',
    documentRoot: 'site/',
    name: 'shop-2',
  };
  const { config } = readProject(options);
  expect(config).toMatchObject({
    name: 'shop-2',
    template: 'plain',
    documentRoot: 'site',
    php: { ini: { x: '1' } },
  });
});

test.each([
  ['./', ''],
  ['web/.', 'web'],
  ['./web//site/', 'web/site'],
])('the document root %s is %j', (given, documentRoot) => {
  using tree = temporaryTree({ 'index.php': '', 'web/site/index.php': '' });
  const options = { directory: tree.root, cwd: '/', documentRoot: given };
  expect(readProject(options).config.documentRoot).toBe(documentRoot);
});

test('the product is called as the directory when nothing else is said', () => {
  using tree = temporaryTree({ 'index.php': '' });
  const { config } = readProject({ directory: '.', cwd: tree.root });
  expect(config.name).toBe(basename(realpathSync(tree.root)));
});

test.each([
  ['My Shop (v2)', 'My-Shop-v2'],
  ['.hidden', 'hidden'],
  ['a\nb', 'a-b'],
  ['x'.repeat(100), 'x'.repeat(64)],
])('a directory %j gives the name %s', (directory, name) => {
  using tree = temporaryTree({ [`${directory}/index.php`]: '' });
  const { config } = readProject({ directory, cwd: tree.root });
  expect(config.name).toBe(name);
});

const drupal = { 'index.php': '', 'core/lib/Drupal.php': '' };

test("an installer's file is writable until the vendor brings it", () => {
  const file = 'sites/default/settings.php';
  using fresh = temporaryTree(drupal);
  expect(readProject({ directory: fresh.root, cwd: '/' }).config.writable).toContain(
    file,
  );
  using configured = temporaryTree({ ...drupal, [file]: '<?php' });
  const { config } = readProject({ directory: configured.root, cwd: '/' });
  expect(config.writable).not.toContain(file);
});

const index = { 'index.php': '' };

const faults: readonly [
  what: string,
  TreeContent,
  object,
  code: string,
  message: RegExp,
][] = [
  ['no PHP', { 'readme.txt': '' }, {}, 'PHPACK_E_NOT_PHP', /no index\.php/],
  [
    'no such template',
    index,
    { template: 'joomla' },
    'PHPACK_E_TEMPLATE',
    /joomla.*wordpress/,
  ],
  [
    'no such docroot',
    index,
    { documentRoot: 'web' },
    'PHPACK_E_CONFIG',
    /web does not exist/,
  ],
  [
    'a docroot outside',
    index,
    { documentRoot: '../x' },
    'PHPACK_E_CONFIG',
    /not a relative path/,
  ],
  [
    'a directory of whose name nothing can be kept',
    { 'приложение/index.php': '' },
    { directory: 'приложение' },
    'PHPACK_E_CONFIG',
    /"приложение" contains characters other/,
  ],
  ['an unusable name', index, { name: 'a/b' }, 'PHPACK_E_CONFIG', /characters other/],
  [
    'no such file',
    index,
    { configFile: '/nowhere.json' },
    'PHPACK_E_CONFIG',
    /does not exist/,
  ],
  [
    'a file as docroot',
    index,
    { documentRoot: 'index.php' },
    'PHPACK_E_CONFIG',
    /is not/,
  ],
  [
    'a front controller outside of the document root',
    { ...index, 'web/': '', 'phpack.json': '{"frontController": "../index.php"}' },
    { documentRoot: 'web' },
    'PHPACK_E_CONFIG',
    /frontController: "\.\.\/index\.php" is not a relative path/,
  ],
  [
    'a front controller that was asked for and is missing',
    { ...index, 'phpack.json': '{"frontController": "main.php"}' },
    {},
    'PHPACK_E_NOT_PHP',
    /main\.php does not exist/,
  ],
  [
    'a front controller that the app may overwrite',
    { 'web/index.php': '', 'phpack.json': '{"writable": ["web/"]}' },
    {},
    'PHPACK_E_CONFIG',
    /web\/index\.php is in web\/, which the app writes to/,
  ],
  [
    'an address that is none',
    { ...index, 'phpack.json': '{"http": {"listen": ["8080"]}}' },
    {},
    'PHPACK_E_CONFIG',
    /http\.listen\.0: is not HOST:PORT/,
  ],
  [
    'a cache inside of what survives upgrades',
    { ...index, 'phpack.json': '{"writable": ["var/"], "caches": ["var/cache/"]}' },
    {},
    'PHPACK_E_CONFIG',
    /caches: var\/cache\/ and writable: var\/ overlap/,
  ],
  [
    'several faults',
    {
      ...index,
      'phpack.json': JSON.stringify({
        deny: ['a[b', 'ok'],
        entryScripts: ['{a'],
        caches: ['/x'],
        http: { cacheControl: { '{b': 'no-store' } },
        php: { ini: { 'a b': '1', c: '1\nd=2' }, env: { 'A=B': '' } },
      }),
    },
    {},
    'PHPACK_E_CONFIG',
    /caches.*entryScripts.*deny.*cacheControl.*"a b".*ini\.c.*"A=B"/,
  ],
  [
    'writable paths outside',
    { ...index, 'phpack.json': '{"writable": ["../data/"]}' },
    {},
    'PHPACK_E_CONFIG',
    /not a relative path/,
  ],
  [
    'Composer packages that are not installed',
    { ...index, 'composer.json': composer('a/a', 'php') },
    {},
    'PHPACK_E_VENDOR_MISSING',
    /requires a\/a, but .*vendor has no packages/,
  ],
  [
    'a broken composer.json',
    { ...index, 'composer.json': '{' },
    {},
    'PHPACK_E_COMPOSER',
    /JSON/,
  ],
  [
    'no front controller',
    { artisan: '', 'bootstrap/app.php': '', 'public/index.php': '' },
    { documentRoot: 'bootstrap' },
    'PHPACK_E_NOT_PHP',
    /bootstrap\/index\.php does not exist/,
  ],
];

test.each(faults)('%s: refused', (_, content, options, code, message) => {
  using tree = temporaryTree(content);
  const { root } = tree;
  expect(() => readProject({ directory: root, cwd: root, ...options })).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

test('a front controller that the app may overwrite can be listed', () => {
  const config = '{"writable": ["web/"], "entryScripts": ["index.php"]}';
  using tree = temporaryTree({ 'web/index.php': '', 'phpack.json': config });
  const read = readProject({ directory: tree.root, cwd: '/' });
  expect(read.config.writable).toEqual(['web/']);
});

test.each([
  ['/nowhere', /does not exist/],
  ['/etc/passwd', /is not a directory/],
])('%s is no app', (directory, message) => {
  expect(() => readProject({ directory, cwd: '/' })).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_NO_DIRECTORY',
      message: expect.stringMatching(message),
    }),
  );
});

const denied: readonly [template: string, paths: string[], served: string[]][] = [
  [
    'drupal',
    [
      'core/core.services.yml',
      'modules/x/x.module',
      'core/includes/bootstrap.inc',
      'sites/default/settings.php',
      'sites/default/files/config_abc/sync/system.site.yml',
      'themes/x/page.html.twig',
      'composer.json',
      'vendor/autoload.php',
      'x.php~',
      'dump.sql',
      'dump.mysql.bak',
      'x.tpl',
      'x.po.orig',
      'core/assets/CVS/Entries',
    ],
    [
      'themes/x/Template/a.css',
      'libraries/Root/Entries.js',
      'core/misc/drupal.js',
      'sites/default/files/a.png',
      'robots.txt',
      'core/install.php',
    ],
  ],
  [
    'wordpress',
    [
      'wp-config.php',
      'wp-content/database/wordpress.sqlite',
      'wp-content/debug.log',
      'wp-admin/includes/file.php',
    ],
    ['wp-content/uploads/2026/11/a.jpg', 'wp-admin/load-styles.php', 'wp-login.php'],
  ],
  [
    'bedrock',
    ['wp-config.php', 'app/database/wordpress.sqlite', 'wp/wp-admin/includes/file.php'],
    ['app/uploads/2026/11/a.jpg', 'wp/wp-login.php', 'app/themes/x/style.css'],
  ],
  [
    'mediawiki',
    ['LocalSettings.php', 'includes/WebStart.php', 'maintenance/run.php', 'cache/x.cdb'],
    [
      'load.php',
      'images/a/ab/x.png',
      'resources/assets/wiki.png',
      'extensions/X/modules/x.js',
    ],
  ],
  [
    'plain',
    ['vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php', 'php.ini', 'a/b.inc'],
    ['a.css'],
  ],
];

test.each(denied)('%s: what is not served, and what is', (name, paths, served) => {
  const template = loadTemplates().find((one) => one.name === name)!;
  const config = mergeConfig(templateConfig(template, '/nowhere', ''));
  const rules = new PathRules(config, '', [], '');
  expect(paths.filter((path) => rules.refusalOf(`/${path}`, '') === null)).toEqual([]);
  const refused = served.map((path) => [path, rules.refusalOf(`/${path}`, '')]);
  expect(refused.filter(([, rule]) => rule !== null)).toEqual([]);
});

const vendors: readonly [what: string, TreeContent, served: boolean][] = [
  ["a theme's", { 'public/index.php': '', 'public/vendor/a.css': '' }, true],
  ["a theme's, at the app's root", { 'index.php': '', 'vendor/a.css': '' }, true],
  [
    "Composer's",
    { 'index.php': '', 'vendor/composer/ClassLoader.php': '', 'vendor/a.css': '' },
    false,
  ],
  [
    "Composer's, elsewhere",
    {
      'public/index.php': '',
      'public/vendor/a.css': '',
      'public/vendor/composer/installed.json': installed,
      'composer.json': '{"config": {"vendor-dir": "public/vendor"}}',
    },
    false,
  ],
  [
    "a theme's beside Composer's",
    {
      'public/index.php': '',
      'public/vendor/a.css': '',
      'vendor/composer/installed.json': installed,
      'composer.json': '{}',
    },
    true,
  ],
];

test.each(vendors)('a vendor directory, %s', (_, content, isServed) => {
  using tree = temporaryTree(content);
  const { config } = readProject({ directory: tree.root, cwd: '/' });
  const rules = new PathRules(config, '', [], '');
  expect(rules.refusalOf('/vendor/a.css', '') === null).toBe(isServed);
  expect(rules.refusalOf('/vendor/a.php', '')).not.toBeNull();
});

test.each([
  ['public/index.php', null],
  ['index.php', 'deny **/*.{sh,yml,yaml}'],
])('an app with %s: api.yaml is served unless it lies beside the code', (file, rule) => {
  using tree = temporaryTree({ [file]: '' });
  const { config } = readProject({ directory: tree.root, cwd: '/' });
  expect(new PathRules(config, '', [], '').refusalOf('/api.yaml', '')).toBe(rule);
});
