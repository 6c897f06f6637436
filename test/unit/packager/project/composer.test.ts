import { expect, test } from 'vitest';
import { readComposer } from '../../../../packager/project/composer.ts';
import { assertRequirements } from '../../../../packager/project/requirements.ts';
import { type TreeContent, temporaryTree } from '../tree.ts';

const php = { version: '8.4.24', extensions: ['Core'] };

function read(json: object, content: TreeContent = {}) {
  using tree = temporaryTree({ ...content, 'composer.json': JSON.stringify(json) });
  return readComposer(tree.root)!;
}

const packages = [
  { name: 'a/a', version: '1.0', require: { 'ext-imagick': '*' } },
  { name: 'd/d', version: '2.0' },
];

test.each([
  ['Composer 2', { packages, 'dev-package-names': ['d/d'] }, [false, true]],
  ['Composer 1', packages, [false, false]],
])('%s says what is installed', (_, installed, development) => {
  const content = { 'lib/composer/installed.json': JSON.stringify(installed) };
  const project = read({ config: { 'vendor-dir': 'lib/' } }, content);
  expect(project).toMatchObject({ vendorDir: 'lib', isInstalled: true });
  expect(project.packages.map(({ name }) => name)).toEqual(['a/a', 'd/d']);
  expect(project.packages.map((one) => one.isDevelopment)).toEqual(development);
});

test.each(['provide', 'replace'])('composer.json itself may %s an extension', (key) => {
  const installed = { 'vendor/composer/installed.json': JSON.stringify({ packages }) };
  expect(() => assertRequirements(php, read({}, installed), [])).toThrow(/imagick/);
  const project = read({ [key]: { 'ext-Imagick': '*' } }, installed);
  assertRequirements(php, project, []);
});

test('what the app loads from is not left out for being of autoload-dev, too', () => {
  const autoload = {
    'psr-4': { 'App\\': ['src/', 'database/seeders'] },
    files: ['helpers/all.php'],
  };
  const development = {
    'psr-4': { 'App\\': 'src', 'Seed\\': 'database/', 'Tests\\': './tests/' },
    'psr-0': { '': ['helpers', 'fixtures', '', '..'] },
  };
  const project = read({ autoload, 'autoload-dev': development });
  expect(project.developmentPaths).toEqual(['tests', 'fixtures']);
});

test.each(['../vendor', '/srv/vendor', '~/vendor', '$HOME/vendor', '.'])(
  'packages in %s would not be in the product',
  (directory) => {
    expect(() => read({ config: { 'vendor-dir': directory } })).toThrow(
      expect.objectContaining({
        code: 'PHPACK_E_COMPOSER',
        message: expect.stringContaining(`outside of the app, in ${directory}`),
      }),
    );
  },
);

test.each([
  ['./lib//packages/', 'lib/packages'],
  ['..lib', '..lib'],
])('packages in %s are looked for in %s', (given, found) => {
  expect(read({ config: { 'vendor-dir': given } }).vendorDir).toBe(found);
});
