import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { developmentParts } from '../../../../packager/project/development.ts';
import { readProject } from '../../../../packager/project/project.ts';
import { readTree } from '../../../../packager/project/tree.ts';
import type { AppTree } from '../../../../packager/project/walk.ts';
import { type TemporaryTree, temporaryTree } from '../tree.ts';

/** As Composer's AutoloadGenerator writes them. */
const list = (...values: string[]): string =>
  [
    '<?php',
    '$vendorDir = dirname(__DIR__);',
    '$baseDir = dirname($vendorDir);',
    'return array(',
    ...values.map((value, at) => `    'Key\\\\${at}' => ${value},`),
    ');',
  ].join('\n');

const composerJson = {
  autoload: { 'psr-4': { 'App\\': 'src/' } },
  'autoload-dev': {
    'psr-4': { 'Tests\\': 'tests/' },
    classmap: ['stubs/'],
    files: ['tests/helpers.php', 'dev.php'],
  },
};

let tree: TemporaryTree;

beforeEach(() => {
  tree = temporaryTree({
    'app/index.php': '<?php',
    'app/composer.json': JSON.stringify(composerJson),
    'app/src/A.php': '',
    'app/tests/helpers.php': '1234',
    'app/tests/Unit/ATest.php': '',
    'app/stubs/Stub.php': '',
    'app/dev.php': '',
    'app/vendor/autoload.php': '',
    'app/vendor/composer/installed.json': '{"packages": []}',
  });
});

afterEach(() => tree[Symbol.dispose]());

const app = (): string => join(tree.root, 'app');

function write(path: string, text: string): void {
  mkdirSync(dirname(join(app(), path)), { recursive: true });
  writeFileSync(join(app(), path), text);
}

function generate(lists: Record<string, readonly string[]>, vendor = 'vendor'): void {
  for (const [name, values] of Object.entries(lists)) {
    write(`${vendor}/composer/${name}.php`, list(...values));
  }
}

const project = (): ReturnType<typeof readProject> =>
  readProject({ directory: app(), cwd: '/' });
const read = (): AppTree => readTree(project(), join(tree.root, 'out'));
const files = (): string[] =>
  read()
    .entries.filter(({ kind, path }) => kind === 'file' && !path.startsWith('vendor/'))
    .map(({ path }) => path);

test('without development, all that autoload-dev names stays out', () => {
  generate({ autoload_files: [], autoload_psr4: ["array($baseDir . '/src')"] });
  expect(files()).toEqual(['composer.json', 'index.php', 'src/A.php']);
});

test('what a developer has installed is packed as the autoloader names it', () => {
  generate({
    autoload_files: ["$baseDir . '/tests/helpers.php'", "$baseDir . '/dev.php'"],
    autoload_psr4: ["array($baseDir . '/src')", "array($baseDir . '/tests')"],
    autoload_classmap: ["$baseDir . '/stubs/Stub.php'"],
  });
  expect(files()).toEqual([
    'composer.json',
    'dev.php',
    'index.php',
    'src/A.php',
    'stubs/Stub.php',
    'tests/Unit/ATest.php',
    'tests/helpers.php',
  ]);
  expect(read().warnings).toEqual([]);
});

test('of a development directory, only what is named is packed', () => {
  generate({
    autoload_files: ["$baseDir . '/tests/helpers.php'", "$baseDir . '/dev.php'"],
  });
  expect(files()).toContain('tests/helpers.php');
  expect(files()).not.toContain('tests/Unit/ATest.php');
});

test.each([
  ['docker/CVS/Root', '$baseDir'],
  ['assets/node_modules/a/Php.php', '$baseDir'],
  ["o'clock/~back\\slash~", '$baseDir'],
  ['config/private_key.php', '$baseDir'],
])('a class in %s is packed, whatever rules say', (path, base) => {
  write(path, '<?php // -----BEGIN PRIVATE KEY-----');
  expect(files()).not.toContain(path);
  const quoted = path.replace(/[\\']/g, '\\$&');
  generate({ autoload_classmap: [`${base} . '/${quoted}'`] });
  expect(files()).toContain(path);
});

test('packages of another vendor directory and of absolute paths are read as well', () => {
  write('composer.json', JSON.stringify({ config: { 'vendor-dir': 'lib/php' } }));
  write('lib/php/composer/installed.json', '{"packages": []}');
  write('lib/php/a/a/node_modules/A.php', '');
  write('x/node_modules/B.php', '');
  write('lib/php/a/a/tests/private.pem', '-----BEGIN PRIVATE KEY-----');
  const absolute = `'${join(app(), 'x/node_modules')}'`;
  generate(
    {
      autoload_classmap: ["$vendorDir . '/a/a/node_modules/A.php'"],
      autoload_psr4: [`array(${absolute}, $vendorDir . '/none')`],
    },
    'lib/php',
  );
  expect(files()).toEqual(
    expect.arrayContaining([
      'lib/php/a/a/node_modules/A.php',
      'lib/php/a/a/tests/private.pem',
      'x/node_modules/B.php',
    ]),
  );
});

test.each([
  ['exclude', '{"exclude": ["tests/helpers.php"]}', 'left out, exclude', 'Pack it'],
  ['caches', '{"caches": ["tests/"]}', 'left out, cache', 'Pack it'],
])('a file of the autoloader in %s stops the build', (_, config, why, remedy) => {
  write('phpack.json', config);
  generate({ autoload_files: ["$baseDir . '/tests/helpers.php'"] });
  expect(read).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_COMPOSER',
      message: `Composer's autoloader loads tests/helpers.php at every start, which is not packed: ${why}`,
      remedy: expect.stringContaining(remedy),
    }),
  );
});

test('a file of the autoloader that does not exist stops the build', () => {
  generate({ autoload_files: ["$baseDir . '/tests/helpers.php'"] });
  rmSync(join(app(), 'tests'), { recursive: true });
  expect(read).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_COMPOSER',
      message: expect.stringContaining(
        'tests/helpers.php at every start, which does not',
      ),
      remedy: expect.stringContaining('composer dump-autoload'),
    }),
  );
});

test('an autoloader that is left out itself stops nothing', () => {
  write('phpack.json', '{"exclude": ["vendor/", "tests/"]}');
  generate({ autoload_files: ["$baseDir . '/tests/helpers.php'"] });
  expect(read().warnings).toEqual([]);
});

test('a file of the autoloader outside of the app stops the build', () => {
  writeFileSync(join(tree.root, 'all.php'), '');
  generate({ autoload_files: ["$baseDir . '/../all.php'"] });
  expect(read).toThrow(/\.\.\/all\.php at every start, .* outside of the app$/);
});

test('classes that are left out or outside are a warning; absent ones are none', () => {
  mkdirSync(join(tree.root, 'shared'));
  write('phpack.json', '{"exclude": ["stubs/"]}');
  generate({
    autoload_classmap: ["$baseDir . '/stubs/Stub.php'", "$baseDir . '/gone.php'"],
    autoload_psr4: ["array($baseDir . '/../shared', $baseDir . '/nowhere')"],
  });
  expect(read().warnings).toEqual([
    "not packed, though Composer's autoloader names it: " +
      'stubs/Stub.php (left out, exclude), ../shared (outside of the app)',
  ]);
});

/** A package of a `path` repository, which Composer links. */
function link(name: string, to: string): void {
  const path = join(app(), 'vendor', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(to, path);
  const one = { name, 'install-path': `../${name}`, dist: { type: 'path' } };
  write('vendor/composer/installed.json', JSON.stringify({ packages: [one] }));
}

const vendorOf = (name: string): [string, string, string][] =>
  read()
    .entries.filter(({ path }) => path.startsWith(`vendor/${name}`))
    .map(({ path, kind, linkTarget }) => [path, kind, linkTarget]);

test('a package that Composer has linked from the app stays a link', () => {
  write('tests/lib/a.php', '');
  link('acme/lib', '../../tests/lib');
  generate({ autoload_files: ["$vendorDir . '/acme/lib/a.php'"] });
  expect(vendorOf('acme/lib')).toEqual([
    ['vendor/acme/lib', 'symlink', '../../tests/lib'],
  ]);
  expect(files()).toContain('tests/lib/a.php');
});

test('a package that Composer has linked from elsewhere is packed in its place', () => {
  const lib = join(tree.root, 'lib');
  for (const path of ['src/A.php', '.git/config', 'vendor/b/b.php', 'bin/tool']) {
    mkdirSync(dirname(join(lib, path)), { recursive: true });
    writeFileSync(join(lib, path), '');
  }
  symlinkSync('A.php', join(lib, 'src/Alias.php'));
  symlinkSync(join(lib, 'src/A.php'), join(lib, 'Absolute.php'));
  link('acme/lib', '../../../lib');
  mkdirSync(join(app(), 'vendor/bin'));
  symlinkSync('../acme/lib/bin/tool', join(app(), 'vendor/bin/tool'));
  generate({ autoload_files: ["$vendorDir . '/acme/lib/src/A.php'"] });
  expect(vendorOf('acme/lib')).toEqual([
    ['vendor/acme/lib', 'directory', ''],
    ['vendor/acme/lib/Absolute.php', 'symlink', 'src/A.php'],
    ['vendor/acme/lib/bin', 'directory', ''],
    ['vendor/acme/lib/bin/tool', 'file', ''],
    ['vendor/acme/lib/src', 'directory', ''],
    ['vendor/acme/lib/src/A.php', 'file', ''],
    ['vendor/acme/lib/src/Alias.php', 'symlink', 'A.php'],
  ]);
  expect(vendorOf('bin/tool')).toEqual([
    ['vendor/bin/tool', 'symlink', '../acme/lib/bin/tool'],
  ]);
  expect(read().warnings).toEqual([`packed in place of links: vendor/acme/lib (${lib})`]);
});

test('of such a package, what is secret or a tool stays out as it does of the app', () => {
  const lib = join(tree.root, 'lib');
  const names = ['auth.json', 'deploy.key', '.github/x', 'Dockerfile', 'a.php'];
  for (const path of names) {
    mkdirSync(dirname(join(lib, path)), { recursive: true });
    writeFileSync(join(lib, path), '-----BEGIN PRIVATE KEY-----');
  }
  link('acme/lib', '../../../lib');
  expect(vendorOf('acme/lib').map(([path]) => path)).toEqual([
    'vendor/acme/lib',
    'vendor/acme/lib/a.php',
  ]);
});

test('any other link out of the app is still an error', () => {
  mkdirSync(join(tree.root, 'lib'));
  mkdirSync(join(app(), 'vendor/acme'));
  symlinkSync('../../../lib', join(app(), 'vendor/acme/lib'));
  expect(read).toThrow(expect.objectContaining({ code: 'PHPACK_E_LINK_OUTSIDE' }));
});

test('what only development needs is named with its size', () => {
  write('vendor/a/tool/big.php', 'x'.repeat(1000));
  write('lib/big.php', 'x'.repeat(1000));
  link('acme/lib', '../../lib');
  const packages = ['a/tool', 'acme/lib', 'acme/meta'].map((name) => {
    return { name, 'install-path': name === 'acme/meta' ? null : `../${name}` };
  });
  const installed = { packages, 'dev-package-names': packages.map(({ name }) => name) };
  write('vendor/composer/installed.json', JSON.stringify(installed));
  generate({
    autoload_files: ["$baseDir . '/tests/helpers.php'", "$baseDir . '/dev.php'"],
    autoload_classmap: ["$vendorDir . '/acme/lib/big.php'"],
  });
  // What a link of the app leads to is packed with or without development.
  expect(developmentParts(project().composer!, read().entries)).toEqual({
    names: ['a/tool', 'tests/helpers.php', 'dev.php', 'acme/lib'],
    packages: 2,
    bytes: 1004,
  });
});

test.each([
  ['data', /^data is written by the app, but is a directory$/],
  ['src/A.php/', /^src\/A\.php\/ is written by the app, but is a file$/],
  ['linked/', /^linked\/ is written by the app, but is a link to data$/],
])('what the app brings for %s is not what it declares: refused', (place, message) => {
  write('data/a.txt', '');
  symlinkSync('data', join(app(), 'linked'));
  write('phpack.json', JSON.stringify({ writable: [place] }));
  expect(read).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_CONFIG',
      message: expect.stringMatching(message),
    }),
  );
});

test('links and files in a directory that the app writes are as they are', () => {
  write('data/a.txt', '');
  symlinkSync('a.txt', join(app(), 'data/linked'));
  symlinkSync('../src', join(app(), 'data/src'));
  const writable = ['data/', 'data/src/', 'data/linked', 'dev.php', 'absent/', 'none'];
  write('phpack.json', JSON.stringify({ writable }));
  generate({ autoload_files: [] });
  expect(files()).toContain('data/a.txt');
});
