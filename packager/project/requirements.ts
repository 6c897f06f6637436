import { PackagerError } from '../errors.ts';
import type { ComposerProject, Requirer } from './composer.ts';
import { satisfies } from './constraint.ts';

/** What libphp.json says of the PHP that is going to be packed. */
export interface PhpFacts {
  version: string;
  extensions: readonly string[];
}

/** As Composer writes it: `Zend OPcache` is `ext-zend-opcache`. */
function composerName(extension: string): string {
  return `ext-${extension.toLowerCase().replaceAll(' ', '-')}`;
}

/**
 * Throws PHPACK_E_EXTENSION_MISSING or PHPACK_E_PHP_VERSION, with every package that
 * needs what PHP does not have, not only the first. Development packages are not asked.
 */
export function assertRequirements(
  php: PhpFacts,
  composer: ComposerProject | null,
  configured: readonly string[],
): void {
  const own: Requirer = {
    name: 'phpack.json',
    require: Object.fromEntries(configured.map((name) => [composerName(name), '*'])),
    provides: [],
  };
  const installed = composer?.packages.filter((one) => !one.isDevelopment) ?? [];
  const all = [own, ...(composer ? [composer.root] : []), ...installed];
  assertExtensions(php, all);
  assertVersion(php.version, all);
}

function assertExtensions(php: PhpFacts, packages: readonly Requirer[]): void {
  const present = new Set(php.extensions.map(composerName));
  // By either name: its own is the one Composer uses.
  if (present.has('ext-zend-opcache')) present.add('ext-opcache');
  for (const { provides } of packages) for (const name of provides) present.add(name);
  const missing = new Map<string, string[]>();
  for (const { name: needer, require } of packages) {
    for (const needed of Object.keys(require)) {
      const name = needed.toLowerCase();
      if (!name.startsWith('ext-') || present.has(name)) continue;
      missing.set(name, [...(missing.get(name) ?? []), needer]);
    }
  }
  if (missing.size === 0) return;
  const list = [...missing].map(
    ([name, by]) => `${name.slice(4)} (needed by ${enough(by)})`,
  );
  const seen = `PHP ${php.version} is built without ${list.join(', ')}`;
  throw new PackagerError('PHPACK_E_EXTENSION_MISSING', seen);
}

function assertVersion(version: string, packages: readonly Requirer[]): void {
  const faults = packages.flatMap(({ name, require }) => {
    const constraint = require['php'] ?? require['php-64bit'] ?? '*';
    return satisfies(version, constraint) ? [] : [`${name} needs ${constraint}`];
  });
  if (faults.length === 0) return;
  const seen = `the product's PHP is ${version}, but ${enough(faults)}`;
  throw new PackagerError('PHPACK_E_PHP_VERSION', seen);
}

function enough(items: readonly string[]): string {
  const rest = items.length - 5;
  return items.slice(0, 5).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
