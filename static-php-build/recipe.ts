import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './process.ts';
import type { Target } from './targets.ts';
import type { Toolchain } from './toolchain.ts';

/**
 * Prefix every library is configured with. Installation goes elsewhere (DESTDIR), so no
 * path of the build machine gets into the bytes.
 */
export const prefix = '/opt/phpack';

/** What a recipe works with: its own unpacked source and a view of its dependencies. */
export interface BuildContext {
  target: Target;
  tools: Toolchain;
  /** The unpacked source; the recipe may write there. */
  src: string;
  /** DESTDIR of the installation. */
  dest: string;
  /** Headers, archives and .pc files of the dependencies: `include/`, `lib/`. */
  deps: string;
  jobs: number;
  /** Runs a command in the source directory, or in `cwd` below it. */
  run(argv: readonly string[], options?: RunStep): Promise<void>;
  env: Record<string, string>;
}

interface RunStep {
  cwd?: string;
  env?: Record<string, string>;
}

export interface Recipe {
  /** Name in sources.ts. */
  name: string;
  deps: readonly string[];
  /** Files of ours besides the recipe that the result depends on. */
  files?: readonly string[];
  /** Anything else it depends on, for the cache key. */
  inputs?: () => unknown;
  build(ctx: BuildContext): Promise<void>;
}

/** As Debian hardens its own packages; no loss was measured with PHP's benchmarks. */
export const hardening = '-fstack-protector-strong';
/** C only: clang has its own idea of it, and warns. */
export const fortify = '-D_FORTIFY_SOURCE=2';

const compilerFlags = `-O2 -g0 -fPIC -fvisibility=default ${hardening}`;

const dash = '/bin/dash';

/** Environment of every build step: nothing of the user's but PATH. */
export function buildEnv(tools: Toolchain, deps: string, scratch: string) {
  return {
    PATH: `${tools.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: scratch,
    TMPDIR: scratch,
    // Debian's dash hides $LINENO, so that configure would look for a slower shell.
    ...(existsSync(dash) && { CONFIG_SHELL: dash }),
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    SOURCE_DATE_EPOCH: '1700000000',
    CC: tools.cc,
    CXX: tools.cxx,
    AR: tools.ar,
    RANLIB: tools.ranlib,
    CFLAGS: `${compilerFlags} ${fortify}`,
    CXXFLAGS: compilerFlags,
    CPPFLAGS: `-I${join(deps, 'include')}`,
    LDFLAGS: `-L${join(deps, 'lib')}`,
    PKG_CONFIG: 'pkg-config --static',
    PKG_CONFIG_LIBDIR: join(deps, 'lib/pkgconfig'),
  };
}

/** Binds `run` to a directory, environment and log. */
export function stepRunner(src: string, env: Record<string, string>, log: string) {
  return async (argv: readonly string[], options: RunStep = {}): Promise<void> => {
    const cwd = join(src, options.cwd ?? '.');
    await run(argv, { cwd, env: { ...env, ...options.env }, log });
  };
}

interface Autotools {
  configure?: readonly string[];
  /** make arguments of the build; none builds everything. */
  make?: readonly string[];
  install?: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** configure, make, make install: static only. */
export async function autotools(
  ctx: BuildContext,
  options: Autotools = {},
): Promise<void> {
  const { env = {}, cwd = '.' } = options;
  const args = [
    `--prefix=${prefix}`,
    `--libdir=${prefix}/lib`,
    `--host=${ctx.target.host}`,
  ];
  const kind = ['--enable-static', '--disable-shared', '--disable-dependency-tracking'];
  const all = [...args, ...kind, ...(options.configure ?? [])];
  await ctx.run(['./configure', ...all], { env, cwd });
  // Compiling alone: what links and installs is the script itself.
  const hasScript = existsSync(join(ctx.src, cwd, 'libtool'));
  const words = hasScript ? [`LIBTOOL=${ctx.tools.libtool}`] : [];
  const make = ['make', `-j${ctx.jobs}`, ...words, ...(options.make ?? [])];
  await ctx.run(make, { env, cwd });
  const install = options.install ?? ['install'];
  await ctx.run(['make', ...install, `DESTDIR=${ctx.dest}`], { env, cwd });
}

/** Out-of-source CMake build; `cxx` projects get the C++ wrapper as well. */
export async function cmake(
  ctx: BuildContext,
  options: readonly string[],
): Promise<void> {
  const args = [
    '-S',
    '.',
    '-B',
    'phpack-build',
    '-DCMAKE_BUILD_TYPE=None',
    `-DCMAKE_INSTALL_PREFIX=${prefix}`,
    '-DCMAKE_INSTALL_LIBDIR=lib',
    `-DCMAKE_PREFIX_PATH=${ctx.deps}`,
    `-DCMAKE_AR=${ctx.tools.ar}`,
    `-DCMAKE_RANLIB=${ctx.tools.ranlib}`,
    '-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF',
    '-DBUILD_SHARED_LIBS=OFF',
    '-DCMAKE_SKIP_RPATH=ON',
  ];
  await ctx.run(['cmake', ...args, ...options]);
  await ctx.run(['cmake', '--build', 'phpack-build', '-j', `${ctx.jobs}`]);
  const env = { DESTDIR: ctx.dest };
  await ctx.run(['cmake', '--install', 'phpack-build'], { env });
}

const here = fileURLToPath(new URL('.', import.meta.url));

/** Applies one of patches/ to the unpacked source; a hunk that does not fit is an error. */
export async function applyPatch(ctx: BuildContext, patch: string): Promise<void> {
  await ctx.run(['patch', '-p1', '--no-backup-if-mismatch', '-i', join(here, patch)]);
}

/** Copies a file of ours into the unpacked source. */
export function copyIn(ctx: BuildContext, from: string, to: string): void {
  copyFileSync(join(here, from), join(ctx.src, to));
}

/** Replaces text in a source file; throws when it is not there (a new version changed it). */
export function edit(file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(from, to);
  if (after === before)
    throw new Error(`${file}: "${from}" not found, recipe is out of date`);
  writeFileSync(file, after);
}

interface PlainLibrary {
  /** `foo` of libfoo.a. */
  name: string;
  /** Name of the .pc file where it differs. */
  pc?: string;
  version: string;
  libs: string;
  objects: readonly string[];
  headers: readonly string[];
}

/** Archive, headers and .pc file of a library whose own makefile is of no use to us. */
export async function installLibrary(
  ctx: BuildContext,
  lib: PlainLibrary,
): Promise<void> {
  const to = `${ctx.dest}${prefix}`;
  const archive = `lib${lib.name}.a`;
  await ctx.run([ctx.tools.ar, 'rcs', archive, ...lib.objects]);
  await ctx.run(['install', '-d', `${to}/include`, `${to}/lib/pkgconfig`]);
  await ctx.run(['install', '-m644', archive, `${to}/lib`]);
  if (lib.headers.length > 0) {
    await ctx.run(['install', '-m644', ...lib.headers, `${to}/include`]);
  }
  const pc = lib.pc ?? lib.name;
  const text = [
    `prefix=${prefix}`,
    `Name: ${pc}`,
    `Description: ${pc}`,
    `Version: ${lib.version}`,
    `Libs: -L\${prefix}/lib ${lib.libs}`,
    'Cflags: -I${prefix}/include',
    '',
  ];
  writeFileSync(`${to}/lib/pkgconfig/${pc}.pc`, text.join('\n'));
}
