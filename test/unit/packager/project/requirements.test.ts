import { expect, test } from 'vitest';
import type {
  ComposerPackage,
  ComposerProject,
} from '../../../../packager/project/composer.ts';
import { assertRequirements } from '../../../../packager/project/requirements.ts';

const php = {
  version: '8.4.24',
  extensions: ['Core', 'mbstring', 'Zend OPcache', 'PDO'],
};

function onePackage(name: string, facts: Partial<ComposerPackage> = {}): ComposerPackage {
  return {
    name,
    version: '1.0',
    require: {},
    provides: [],
    isDevelopment: false,
    path: null,
    isLocal: false,
    ...facts,
  };
}

function project(...packages: ComposerPackage[]): ComposerProject {
  const root = onePackage('composer.json', { require: { php: '>=8.2' } });
  return { root, packages, vendorDir: 'vendor', isInstalled: true, developmentPaths: [] };
}

test('what PHP has may be required, whatever the case', () => {
  const require = {
    'ext-MBString': '*',
    'ext-pdo': '*',
    'ext-zend-opcache': '*',
    'lib-icu': '*',
  };
  assertRequirements(php, project(onePackage('a/a', { require })), ['mbstring']);
});

test('a missing extension names every package that needs it', () => {
  const require = { 'ext-imagick': '*' };
  const both = project(onePackage('a/a', { require }), onePackage('b/b', { require }));
  expect(() => assertRequirements(php, both, ['oci8'])).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_EXTENSION_MISSING',
      message:
        'PHP 8.4.24 is built without oci8 (needed by phpack.json), imagick (needed by a/a, b/b)',
    }),
  );
});

test('a polyfill stands in for an extension', () => {
  const needs = onePackage('a/a', { require: { 'ext-intl': '*' } });
  const polyfill = onePackage('s/polyfill', { provides: ['ext-intl'] });
  assertRequirements(php, project(needs, polyfill), []);
});

test('packages for development may need what they like', () => {
  const require = { 'ext-xdebug': '*', php: '^7.0' };
  assertRequirements(
    php,
    project(onePackage('d/d', { require, isDevelopment: true })),
    [],
  );
});

test('a package that forbids this PHP is named with its constraint', () => {
  const old = onePackage('old/lib', { require: { php: '^7.4' } });
  expect(() => assertRequirements(php, project(old), [])).toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_PHP_VERSION',
      message: "the product's PHP is 8.4.24, but old/lib needs ^7.4",
    }),
  );
});
