import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf, hashTree } from './hash.ts';
import { describePhp, type ManifestInputs } from './manifest.ts';
import { run } from './process.ts';
import type { LinkFile } from './sdk.ts';
import { validateElf } from './validate.ts';

export interface LinkOptions extends Omit<ManifestInputs, 'cflags'> {
  cache: string;
  /** Directory made by buildSdk. */
  sdk: string;
  /** Directory whose *.c make the SAPI with main(); none links the CLI alone. */
  sapiDir?: string;
  /** Further include directories of the SAPI's sources. */
  includeDirs: readonly string[];
  /** Directories that the ELF must not name, besides the cache. */
  privatePaths: readonly string[];
}

const here = fileURLToPath(new URL('.', import.meta.url));
const cliOnly = join(here, 'c/cli-only');
const ownFiles = ['link.ts', 'manifest.ts', 'validate.ts', 'sources.ts'];

function sapiSources(dir: string): string[] {
  return globSync('*.c', { cwd: dir })
    .sort()
    .map((name) => join(dir, name));
}

/** Where the linked ELF is, or will be: named after the SDK and every source that goes in. */
export function linkDirectory(options: LinkOptions): string {
  const dirs = [options.sapiDir ?? cliOnly, ...options.includeDirs];
  const own = ownFiles.map((name) => readFileSync(join(here, name), 'utf8'));
  const versions = [...options.fetched.values()].map((f) => [f.version, f.sha256]);
  const sources = hashTree(dirs, (name) => /\.[ch]$/.test(name));
  const hash = hashOf([basename(options.sdk), options.set, sources, own, versions]);
  return join(options.cache, 'php', hash);
}

async function linkInto(
  work: string,
  log: string,
  options: LinkOptions,
): Promise<string> {
  const { sdk, tools } = options;
  const link = JSON.parse(readFileSync(join(sdk, 'link.json'), 'utf8')) as LinkFile;
  const env = {
    PATH: process.env.PATH ?? '',
    LC_ALL: 'C.UTF-8',
    SOURCE_DATE_EPOCH: '1700000000',
  };
  const step = (argv: string[]) => run(argv, { cwd: work, env, log });
  const sapi = options.sapiDir ?? cliOnly;
  const dirs = [...link.includes.map((d) => join(sdk, d)), sapi, ...options.includeDirs];
  const includes = dirs.flatMap((dir) => ['-I', dir]);
  const objects: string[] = [];
  for (const source of sapiSources(sapi)) {
    const object = `${basename(source, '.c')}.o`;
    // The maps keep the checkout's place out of __FILE__.
    const maps = [sapi, ...options.includeDirs].map(
      (d) => `-ffile-prefix-map=${d}=/phpack`,
    );
    await step([
      tools.cc,
      ...link.cflags,
      ...maps,
      ...includes,
      '-c',
      source,
      '-o',
      object,
    ]);
    objects.push(object);
  }
  const [libphp = '', ...rest] = link.archives.map((a) => join(sdk, a));
  await step([
    tools.cxx,
    '-O2',
    '-pie',
    '-rdynamic',
    '-Wl,-z,now',
    '-Wl,-z,relro',
    '-o',
    'php',
    ...objects,
    '-Wl,--whole-archive',
    libphp,
    '-Wl,--no-whole-archive',
    '-Wl,--start-group',
    ...rest,
    '-Wl,--end-group',
    ...link.system,
    '-lresolv',
  ]);
  await step([tools.strip, '--strip-all', 'php']);
  return join(work, 'php');
}

/** Throws with everything that is wrong with the ELF. */
function assertValid(php: string, options: LinkOptions): void {
  const places = [options.cache, ...options.privatePaths];
  const faults = validateElf(readFileSync(php), options.target, places);
  if (faults.length === 0) return;
  throw new Error(
    `the linked php failed its checks:\n${faults.map((f) => `  ${f}`).join('\n')}`,
  );
}

/**
 * Compiles the SAPI with PHP's flags, links it with the SDK into one stripped ELF, validates
 * and describes it: `php` and `libphp.json` in `dir`, from linkDirectory(). Takes seconds, so that work
 * on the SAPI is not a rebuild.
 */
export async function linkPhp(options: LinkOptions, dir: string): Promise<void> {
  const { cache, sdk } = options;
  if (existsSync(join(dir, 'libphp.json'))) return;
  for (const part of ['php', 'work', 'log'])
    mkdirSync(join(cache, part), { recursive: true });
  const work = mkdtempSync(join(cache, 'work', 'link-'));
  const log = join(cache, 'log', `link-${basename(dir)}.log`);
  const php = await linkInto(work, log, options);
  assertValid(php, options);
  const { cflags } = JSON.parse(readFileSync(join(sdk, 'link.json'), 'utf8')) as LinkFile;
  const manifest = await describePhp(php, { ...options, cflags });
  const out = join(work, 'out');
  mkdirSync(out);
  copyFileSync(php, join(out, 'php'));
  writeFileSync(join(out, 'libphp.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  rmSync(dir, { recursive: true, force: true });
  renameSync(out, dir);
  rmSync(work, { recursive: true, force: true });
}
