import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { fetchDebianPackages, unpackDebianPackages } from './apt.ts';
import { cachedDirectory, fileHash } from './cache.ts';

const suite = 'trixie';
const packages = [
  'composer',
  'jsonlint',
  'php-composer-ca-bundle',
  'php-composer-class-map-generator',
  'php-composer-metadata-minifier',
  'php-composer-pcre',
  'php-composer-semver',
  'php-composer-spdx-licenses',
  'php-composer-xdebug-handler',
  'php-enum',
  'php-json-schema',
  'php-psr-container',
  'php-psr-log',
  'php-react-promise',
  'php-seld-signal-handler',
  'php-symfony-console',
  'php-symfony-deprecation-contracts',
  'php-symfony-filesystem',
  'php-symfony-finder',
  'php-symfony-process',
  'php-symfony-service-contracts',
  'php-symfony-string',
];

/**
 * Composer of a release that knows PHP 8.4, as Debian packs it: the machine's own may be older.
 * `usr/bin/composer` below the directory, with include_path at `usr/share/php`.
 */
export async function composerTool(): Promise<string> {
  const inputs = [suite, packages, await fileHash(import.meta.filename)];
  return cachedDirectory('apps', 'composer-tool', inputs, async (dir) => {
    await unpackDebianPackages(await fetchDebianPackages(suite, packages), dir);
    // Debian's autoloaders name each other absolutely: the machine's own, where it has one.
    const code = path.join(dir, 'usr/share/php');
    for (const name of await fs.readdir(code, { recursive: true })) {
      if (path.basename(name) !== 'autoload.php') continue;
      const file = path.join(code, name);
      const text = await fs.readFile(file, 'utf8');
      await fs.writeFile(file, text.replaceAll("'/usr/share/php/", "'"));
    }
  });
}
