import { copyFileSync, cpSync, existsSync, globSync, mkdirSync } from 'node:fs';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Extension } from './extensions.ts';
import { hashOf } from './hash.ts';
import {
  type BuiltLibrary,
  type FetchedSource,
  licenceName,
  mergeLibraries,
} from './libraries.ts';
import {
  type BuiltPhp,
  compilePhp,
  copyHeaders,
  extensionPatches,
  phpPatches,
} from './php.ts';
import { run } from './process.ts';
import type { Progress } from './progress.ts';
import { findSource } from './sources.ts';
import type { Target } from './targets.ts';
import { locateZig, type Toolchain } from './toolchain.ts';
import { hideSymbols } from './visibility.ts';

/**
 * The expensive result: PHP with all its libraries as archives, ready to be linked with a
 * SAPI in seconds. `link.json` in it is this:
 */
export interface LinkFile {
  target: string;
  phpVersion: string;
  /** Compiler flags for C files that include PHP's headers, includes excepted. */
  cflags: string[];
  /** Include directories, relative to the SDK. */
  includes: string[];
  /** Archives in link order, relative to the SDK. libphp.a goes in whole. */
  archives: string[];
  /** glibc's own libraries, as -l words. */
  system: string[];
}

export interface SdkBuild {
  target: Target;
  tools: Toolchain;
  cache: string;
  set: string;
  extensions: readonly Extension[];
  libraries: readonly BuiltLibrary[];
  fetched: ReadonlyMap<string, FetchedSource>;
  progress: Progress;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const inputs = [
  'php.ts',
  'recipe.ts',
  'sdk.ts',
  'visibility.ts',
  'elf.ts',
  ...phpPatches,
  ...Object.values(extensionPatches),
];

/** Key of everything that goes into the SDK. */
export function sdkHash(build: SdkBuild): string {
  const sources = build.extensions.flatMap((e) => e.source ?? []);
  return hashOf([
    inputs.map((f) => readFileSync(join(here, f), 'utf8')),
    ['php', ...sources].map((name) => build.fetched.get(name)?.sha256),
    build.extensions,
    build.libraries.map((l) => l.hash),
    build.tools.hash,
  ]);
}

const includes = ['', '/main', '/Zend', '/TSRM', '/ext', '/sapi/cli'].map(
  (d) => `include/php${d}`,
);

/** Finds the archive of each `-l` word; what is not ours must be glibc's. */
function linkOrder(php: BuiltPhp): Pick<LinkFile, 'archives' | 'system'> {
  const archives: string[] = [];
  const system = new Set<string>();
  for (const word of php.linkNames) {
    const file = `lib/lib${word.slice(1)}.a`;
    if (!existsSync(join(php.deps, file))) system.add(`-${word}`);
    else if (!archives.includes(file)) archives.push(file);
  }
  // configure may know a library under -L only; whatever was built is offered to the linker.
  for (const file of globSync('lib/*.a', { cwd: php.deps }).sort()) {
    if (!archives.includes(file)) archives.push(file);
  }
  return { archives, system: [...system] };
}

async function assemble(php: BuiltPhp, into: string, build: SdkBuild, log: string) {
  mergeLibraries(into, build.libraries);
  rmSync(join(into, 'lib/pkgconfig'), { recursive: true });
  for (const name of readdirSync(join(into, 'lib'))) {
    const file = join(into, 'lib', name);
    if (!name.endsWith('.a')) rmSync(file, { recursive: true });
    else hideSymbols(file);
  }
  copyHeaders(php, join(into, 'include/php'));
  const env = { PATH: process.env.PATH ?? '' };
  const archive = join(into, 'lib/libphp.a');
  await run([build.tools.ar, 'rcsD', archive, ...php.objects], {
    cwd: php.src,
    env,
    log,
  });
  const link: LinkFile = {
    target: build.target.name,
    phpVersion: php.version,
    cflags: php.cflags.filter((f) => !f.includes(build.cache)),
    includes,
    ...linkOrder(php),
  };
  link.archives.unshift('lib/libphp.a');
  writeFileSync(join(into, 'link.json'), `${JSON.stringify(link, null, 2)}\n`);
}

/** The licence texts of all that is inside, one file per source. */
function collectLicences(php: BuiltPhp, into: string, build: SdkBuild): void {
  mkdirSync(into);
  copyFileSync(join(php.src, findSource('php').licenceFile), join(into, 'php.txt'));
  for (const name of build.extensions.flatMap((e) => e.source ?? [])) {
    const file = join(php.src, 'ext', name, findSource(name).licenceFile);
    copyFileSync(file, join(into, `${name}.txt`));
  }
  for (const { name, dir } of build.libraries) {
    copyFileSync(join(dir, licenceName), join(into, `${name}.txt`));
  }
  // Linked into every C++ program by zig.
  copyFileSync(join(locateZig().lib, 'libcxx/LICENSE.TXT'), join(into, 'libcxx.txt'));
}

/** Where the SDK is, or will be once it is built. */
export function sdkDirectory(build: SdkBuild): string {
  return join(build.cache, 'libphp', sdkHash(build));
}

/** Makes the SDK of a compiled PHP and puts it at its place. */
export async function installSdk(
  php: BuiltPhp,
  build: SdkBuild,
  paths: { work: string; log: string; dir: string },
): Promise<void> {
  const into = join(paths.work, 'sdk');
  mkdirSync(into);
  await assemble(php, into, build, paths.log);
  collectLicences(php, join(into, 'licences'), build);
  cpSync(join(php.src, 'php.ini-production'), join(into, 'php.ini-production'));
  rmSync(paths.dir, { recursive: true, force: true });
  renameSync(into, paths.dir);
}

/** Builds the SDK unless it is in the cache; its libraries must be there. */
export async function buildSdk(build: SdkBuild, dir: string): Promise<void> {
  if (existsSync(join(dir, 'link.json'))) return;
  for (const part of ['libphp', 'work', 'log']) {
    mkdirSync(join(build.cache, part), { recursive: true });
  }
  // Of a fixed name, as it gets into the bytes by __FILE__; the build lock protects it.
  const work = join(build.cache, 'work', `php-${basename(dir)}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const log = join(build.cache, 'log', `php-${basename(dir)}.log`);
  const { extensions, fetched } = build;
  const version = fetched.get('php')?.version ?? '';
  const label = `PHP ${version} with ${extensions.length} extensions`;
  const step = build.progress.step(label, 'php');
  const php = await compilePhp({ ...build, work, log, step });
  await installSdk(php, build, { work, log, dir });
  rmSync(work, { recursive: true, force: true });
  step.end();
}
