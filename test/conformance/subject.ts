// Where the PHP under test and the sources of its tests are.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { cacheRoot } from '../../static-php-build/cache.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');

/**
 * The static PHP, by a path that ends in `/php` so that it takes the role of the CLI:
 * PHPACK_TEST_PHP, else what static-php-build makes (from its cache when it is there).
 */
export function subjectPhp(): string {
  return asPhp(process.env['PHPACK_TEST_PHP'] || built().php);
}

/** The libphp.json of the static PHP: PHPACK_TEST_LIBPHP, else the build's. */
export function subjectManifest(): string {
  return process.env['PHPACK_TEST_LIBPHP'] || built().manifest;
}

/** The paths that static-php-build prints as its last line. */
interface Built {
  php: string;
  manifest: string;
}

let known: Built | undefined;

function built(): Built {
  known ??= build();
  return known;
}

function build(): Built {
  const args = ['--sapi', 'native/php-sapi', '--include', 'native/channel'];
  const output = execFileSync(process.execPath, ['static-php-build/build.ts', ...args], {
    cwd: REPOSITORY,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  const last = output.trim().split('\n').at(-1) ?? '';
  const { php, manifest } = JSON.parse(last) as Partial<Built>;
  if (!php || !manifest) throw new Error(`static-php-build named no php: ${last}`);
  return { php, manifest };
}

function asPhp(elf: string): string {
  if (basename(elf) === 'php') return elf;
  const link = join(dirname(elf), 'php');
  if (!existsSync(link)) symlinkSync(basename(elf), link);
  return link;
}

/** The unpacked php-src release: PHPACK_TEST_PHP_SRC, else the one the build unpacked. */
export function phpSource(): string {
  const given = process.env['PHPACK_TEST_PHP_SRC'];
  if (given) return given;
  const manifest = JSON.parse(readFileSync(subjectManifest(), 'utf8')) as {
    php: { version: string };
  };
  const dir = join(cacheRoot(), 'src', `php-${manifest.php.version}`);
  if (!existsSync(dir)) throw new Error(`${dir} is missing: static-php-build leaves it`);
  return dir;
}
