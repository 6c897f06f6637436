import { cpSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Extension } from './extensions.ts';
import {
  mergeLibraries,
  type BuiltLibrary,
  type FetchedSource,
  unpack,
} from './libraries.ts';
import {
  applyPatch,
  type BuildContext,
  buildEnv,
  edit,
  fortify,
  hardening,
  prefix,
  stepRunner,
} from './recipe.ts';
import type { Step } from './progress.ts';
import type { Target } from './targets.ts';
import type { Toolchain } from './toolchain.ts';

export const phpPatches = [
  'patches/php-opcache-static.patch',
  'patches/php-sapi-name.patch',
  'patches/php-mysql-socket.patch',
  'patches/php-cli-main.patch',
  'patches/php-intl-no-icuio.patch',
];

/** Applied where the extension is part of the set. */
export const extensionPatches: Readonly<Record<string, string>> = {
  apcu: 'patches/apcu-robust.patch',
};

/** PIE costs GCC little on 64-bit; hidden symbols are PHP's own default. */
const common = `-O2 -g0 -fPIE -fvisibility=hidden ${hardening}`;
const compilerFlags = `${common} ${fortify} -fno-semantic-interposition`;
const cxxFlags = `${common} -std=c++17`;

export interface PhpBuild {
  target: Target;
  tools: Toolchain;
  extensions: readonly Extension[];
  libraries: readonly BuiltLibrary[];
  fetched: ReadonlyMap<string, FetchedSource>;
  /** Scratch directory; the caller removes it. */
  work: string;
  log: string;
  step: Step;
}

/** What configure and make left: where to find it, and how to link it. */
export interface BuiltPhp {
  src: string;
  deps: string;
  objects: string[];
  /** `-l` words in link order, without the dash. */
  linkNames: string[];
  /** Flags every C file of PHP is compiled with, includes excepted. */
  cflags: string[];
  version: string;
}

function configureArguments(build: PhpBuild, deps: string): string[] {
  const words = build.extensions.flatMap((e) => e.configure);
  return [
    `--prefix=${prefix}`,
    `--host=${build.target.host}`,
    '--disable-all',
    '--disable-cgi',
    '--disable-phpdbg',
    '--enable-cli',
    '--without-pear',
    '--with-config-file-path=/etc/phpack',
    '--with-config-file-scan-dir=/etc/phpack/conf.d',
    '--enable-shared=no',
    '--enable-static=yes',
    '--disable-rpath',
    ...words.map((w) => w.replace('@deps@', deps)),
  ];
}

function environment(build: PhpBuild, deps: string): Record<string, string> {
  return {
    ...buildEnv(build.tools, deps, build.work),
    CFLAGS: compilerFlags,
    CXXFLAGS: cxxFlags,
    // Cross builds need a compiler for minilua, which runs during the build.
    BUILD_CC: 'gcc',
    PROG_SENDMAIL: '/usr/sbin/sendmail',
    PHP_UNAME: 'Linux',
    PHP_BUILD_SYSTEM: 'Linux',
    PHP_BUILD_PROVIDER: 'phpack',
    LIBS: '-lpthread -lm -ldl',
    EXTENSION_DIR: `${prefix}/lib/php/extensions`,
    LDFLAGS: `-L${join(deps, 'lib')} -pie`,
    // Said here because pkg-config is asked for icu-io too, which no code of intl uses.
    ICU_CFLAGS: `-I${join(deps, 'include')}`,
    ICU_LIBS: '-licui18n -licuuc -licudata',
  };
}

/** Puts PECL extensions where configure finds them as if they were PHP's own. */
async function addExternalExtensions(build: PhpBuild, src: string): Promise<void> {
  for (const { source } of build.extensions) {
    if (!source) continue;
    const fetched = build.fetched.get(source);
    if (!fetched) throw new Error(`no source for extension ${source}`);
    await unpack(fetched, join(src, 'ext', source), build.log);
  }
}

/** phpinfo() and php -i show what configure was called with: without local paths. */
function sanitiseBuildDefinitions(
  src: string,
  args: readonly string[],
  deps: string,
): void {
  const shown = args.map((a) => a.replace(deps, prefix)).join(' ');
  const file = join(src, 'main/build-defs.h');
  edit(
    file,
    /#define CONFIGURE_COMMAND .*/,
    `#define CONFIGURE_COMMAND "./configure ${shown}"`,
  );
}

const makeRules = `
phpack-objects: $(PHP_GLOBAL_OBJS) $(PHP_BINARY_OBJS) $(PHP_CLI_OBJS)
phpack-variables:
\t@echo $(PHP_GLOBAL_OBJS) $(PHP_BINARY_OBJS) $(PHP_CLI_OBJS) > phpack-objects.txt
\t@echo $(EXTRA_LIBS) $(ZEND_EXTRA_LIBS) > phpack-libs.txt
\t@echo $(COMMON_FLAGS) $(CFLAGS_CLEAN) $(EXTRA_CFLAGS) > phpack-cflags.txt
`;

const tellEveryMs = 30_000;
/** Part of the whole that configure takes. */
const configured = 0.2;

/** Counts finished objects while make runs; returns what ends it. */
function tellProgress(objects: readonly string[], build: PhpBuild): () => void {
  const src = join(build.work, 'php');
  const timer = setInterval(() => {
    const done = objects.filter((o) => existsSync(join(src, o))).length;
    const part = configured + (1 - configured) * (done / objects.length);
    build.step.tell(`  ${done} of ${objects.length} files of PHP compiled`, part);
  }, tellEveryMs);
  return () => clearInterval(timer);
}

const words = (file: string) => readFileSync(file, 'utf8').trim().split(/\s+/);

/** Configures and compiles PHP with both SAPIs' shared parts; links nothing. */
export async function compilePhp(build: PhpBuild): Promise<BuiltPhp> {
  const [src, deps] = [join(build.work, 'php'), join(build.work, 'deps')];
  const fetched = build.fetched.get('php');
  if (!fetched) throw new Error('no source for php');
  await unpack(fetched, src, build.log);
  await addExternalExtensions(build, src);
  mergeLibraries(deps, build.libraries);
  const env = environment(build, deps);
  const run = stepRunner(src, env, build.log);
  const { target, tools } = build;
  const ctx: BuildContext = { target, tools, src, dest: '', deps, jobs: 2, run, env };
  const ofExtensions = build.extensions.flatMap((e) => extensionPatches[e.name] ?? []);
  for (const patch of [...phpPatches, ...ofExtensions]) await applyPatch(ctx, patch);
  await run(['./buildconf', '--force']);
  const args = configureArguments(build, deps);
  await run(['./configure', ...args]);
  sanitiseBuildDefinitions(src, args, deps);
  writeFileSync(join(src, 'Makefile'), makeRules, { flag: 'a' });
  await run(['make', 'phpack-variables']);
  const stop = tellProgress(describeTree(build.work, fetched.version).objects, build);
  const make = ['make', '-j2', `LIBTOOL=${tools.libtool}`, 'phpack-objects'];
  await run(make).finally(stop);
  return describeTree(build.work, fetched.version);
}

/** What a compiled tree in a scratch directory is. */
export function describeTree(work: string, version: string): BuiltPhp {
  const [src, deps] = [join(work, 'php'), join(work, 'deps')];
  return {
    src,
    deps,
    objects: words(join(src, 'phpack-objects.txt')).map((o) => o.replace(/\.lo$/, '.o')),
    linkNames: words(join(src, 'phpack-libs.txt'))
      .filter((w) => w.startsWith('-l'))
      .map((w) => w.slice(1)),
    cflags: words(join(src, 'phpack-cflags.txt')).filter((w) => !/^-[IL]/.test(w)),
    version,
  };
}

/** Copies every header a SAPI or extension may include, and the one file it must not guess. */
export function copyHeaders(php: BuiltPhp, into: string): void {
  for (const part of ['main', 'Zend', 'TSRM', 'ext', 'sapi/cli']) {
    for (const name of globSync(`${part}/**/*.h`, { cwd: php.src })) {
      mkdirSync(dirname(join(into, name)), { recursive: true });
      cpSync(join(php.src, name), join(into, name));
    }
  }
  if (!existsSync(join(into, 'main/php_config.h')))
    throw new Error('php_config.h is missing');
}
