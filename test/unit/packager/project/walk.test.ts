import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nothingNamed } from '../../../../packager/project/autoload.ts';
import {
  createSelection,
  type SelectionOptions,
} from '../../../../packager/project/select.ts';
import { type AppTree, walkApp } from '../../../../packager/project/walk.ts';
import { TRAILER_MAGIC } from '../../../../contract/trailer.ts';
import { temporaryTree } from '../tree.ts';

const nothing: SelectionOptions = {
  config: { exclude: [], include: [], caches: [] },
  leaveOut: [],
  ownFiles: [],
  composer: null,
};

function walk(root: string, options: Partial<SelectionOptions> = {}): AppTree {
  return walkApp(root, createSelection({ ...nothing, ...options }));
}

const paths = (tree: AppTree): string[] => tree.entries.map((entry) => entry.path);

test('names are sorted by their bytes, and directories come before their content', () => {
  using tree = temporaryTree({
    'b/a': '',
    'b.php': '',
    'b-c/x': '',
    ä: '',
    '😀': '',
    ｱ: '',
    B: '',
  });
  expect(paths(walk(tree.root))).toEqual([
    'B',
    'b',
    'b-c',
    'b-c/x',
    'b.php',
    'b/a',
    'ä',
    'ｱ',
    '😀',
  ]);
});

test('only the execute bit of a mode is kept', () => {
  using tree = temporaryTree({ tool: '', data: '', odd: '' });
  chmodSync(join(tree.root, 'tool'), 0o4770);
  chmodSync(join(tree.root, 'data'), 0o600);
  chmodSync(join(tree.root, 'odd'), 0o666);
  expect(walk(tree.root).entries.map(({ path, mode }) => [path, mode])).toEqual([
    ['data', 0o644],
    ['odd', 0o644],
    ['tool', 0o755],
  ]);
});

test('empty directories are part of the app', () => {
  using tree = temporaryTree({ 'var/cache/': '' });
  expect(paths(walk(tree.root))).toEqual(['var', 'var/cache']);
});

const privateKey = '-----BEGIN RSA PRIVATE KEY-----\nMII';

test.each([
  ['.git/config', 'version control', '.git'],
  ['sub/.git', 'version control', 'sub/.git'],
  ['.svn/entries', 'version control', '.svn'],
  ['src/CVS/Root', 'version control', 'src/CVS/Root'],
  ['theme/node_modules/x/a.js', 'development', 'theme/node_modules'],
  ['.github/workflows/ci.yml', 'development', '.github'],
  ['docker-compose.override.yml', 'development', 'docker-compose.override.yml'],
  ['phpunit.xml.dist', 'development', 'phpunit.xml.dist'],
  ['.idea/x.xml', 'editor', '.idea'],
  ['src/.a.php.swp', 'editor', 'src/.a.php.swp'],
  ['src/a.php~', 'editor', 'src/a.php~'],
  ['.env.local', 'secret', '.env.local'],
  ['.env.prod.local', 'secret', '.env.prod.local'],
  ['auth.json', 'secret', 'auth.json'],
  ['deploy/id_ed25519', 'secret', 'deploy/id_ed25519'],
  ['config/jwt/private.pem', 'secret', 'config/jwt/private.pem'],
  ['storage/oauth-private.key', 'secret', 'storage/oauth-private.key'],
  ['phpack.json', 'phpack', 'phpack.json'],
])('%s stays out (%s)', (file, reason, leftOut) => {
  using tree = temporaryTree({ [file]: privateKey, 'index.php': '' });
  const { leftOut: found, ...walked } = walk(tree.root);
  expect(found).toEqual([{ path: leftOut, reason }]);
  expect(walked.entries.some((entry) => entry.path === leftOut)).toBe(false);
});

test.each([
  ['certs/ca.pem', '-----BEGIN CERTIFICATE-----'],
  ['vendor/lib/tests/key.pem', privateKey],
  ['src/PrivateKeyReader.php', '<?php // reads -----BEGIN'],
  ['.env', 'APP_ENV=prod'],
  ['.well-known/security.txt', ''],
  ['.htaccess', ''],
  ['vendor/a/auth.json', ''],
  ['src/CVS/Client.php', ''],
])('%s goes in', (file, content) => {
  using tree = temporaryTree({ [file]: content });
  expect(paths(walk(tree.root))).toContain(file);
});

test('include brings back what a rule leaves out, and only that', () => {
  using tree = temporaryTree({
    'assets/node_modules/lib/dist/lib.js': '',
    'assets/node_modules/lib/src/lib.ts': '',
    'assets/node_modules/other/x.js': '',
    'auth.json': '',
  });
  const include = ['auth.json', 'assets/node_modules/lib/dist/**'];
  const walked = walk(tree.root, { config: { exclude: [], include, caches: [] } });
  expect(
    walked.entries.filter(({ kind }) => kind === 'file').map(({ path }) => path),
  ).toEqual(['assets/node_modules/lib/dist/lib.js', 'auth.json']);
  expect(paths(walked)).not.toContain('assets/node_modules/other');
});

test('exclude, the template, caches and development directories stay out', () => {
  using tree = temporaryTree({
    'docs/a.md': '',
    'var/log/x.log': '',
    'bootstrap/cache/config.php': '',
    'tests/ATest.php': '',
    'index.php': '',
  });
  const walked = walk(tree.root, {
    config: { exclude: ['docs/'], include: [], caches: ['bootstrap/cache/'] },
    leaveOut: ['var/log/*'],
    composer: {
      vendorDir: 'vendor',
      developmentPaths: ['tests'],
      named: nothingNamed,
      linkedPackages: new Map(),
    },
  });
  expect(paths(walked)).toEqual([
    'bootstrap',
    'bootstrap/cache',
    'index.php',
    'var',
    'var/log',
  ]);
  expect(walked.leftOut).toEqual([
    { path: 'bootstrap/cache/config.php', reason: 'cache' },
    { path: 'docs', reason: 'exclude' },
    { path: 'tests', reason: 'development' },
    { path: 'var/log/x.log', reason: 'template' },
  ]);
});

test('the output and products of earlier builds stay out', () => {
  const product = Buffer.alloc(33 << 20);
  product.write(TRAILER_MAGIC, product.length - 8, 'latin1');
  using tree = temporaryTree({ 'new-server': '', 'index.php': '' });
  writeFileSync(join(tree.root, 'old-server'), product);
  const walked = walk(tree.root, { ownFiles: [join(tree.root, 'new-server')] });
  expect(paths(walked)).toEqual(['index.php']);
});

test('sockets stay out', async () => {
  using tree = temporaryTree({ 'index.php': '' });
  const server = createServer().listen(join(tree.root, 'mysql.sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  expect(walk(tree.root).leftOut).toEqual([
    { path: 'mysql.sock', reason: 'special file' },
  ]);
  server.close();
});

test('a name that is not UTF-8 is refused, with its place', () => {
  using tree = temporaryTree({ 'a/b.txt': '' });
  writeFileSync(Buffer.concat([Buffer.from(`${tree.root}/a/caf`), Buffer.of(0xe9)]), '');
  expect(() => walk(tree.root)).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_FILE_NAME',
      message: 'the name of a/café is not UTF-8',
    }),
  );
});

test.each(['caf?', '*', 'caf*/'])('exclude %s leaves it out', (glob) => {
  using tree = temporaryTree({});
  writeFileSync(Buffer.concat([Buffer.from(`${tree.root}/caf`), Buffer.of(0xe9)]), '');
  const walked = walk(tree.root, {
    config: { exclude: [glob], include: [], caches: [] },
  });
  expect(walked.entries).toEqual([]);
  expect(walked.leftOut).toEqual([{ path: 'caf\uFFFD', reason: 'exclude' }]);
});

test('an excluded directory is not even looked at', () => {
  using tree = temporaryTree({ 'index.php': '' });
  mkdirSync(join(tree.root, 'old'));
  writeFileSync(Buffer.concat([Buffer.from(`${tree.root}/old/`), Buffer.of(0xff)]), '');
  const walked = walk(tree.root, {
    config: { exclude: ['old'], include: [], caches: [] },
  });
  expect(paths(walked)).toEqual(['index.php']);
});

test('a malformed glob of phpack.json is named', () => {
  const config = { exclude: ['a{b'], include: [], caches: [] };
  expect(() => walk('/nowhere', { config })).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_CONFIG',
      message: expect.stringContaining('a{b'),
    }),
  );
});
