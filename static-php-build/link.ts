import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf, hashTree } from './hash.ts';
import { run } from './process.ts';
import type { LinkFile } from './sdk.ts';
import type { Target } from './targets.ts';
import type { Toolchain } from './toolchain.ts';

export interface LinkOptions {
  target: Target;
  tools: Toolchain;
  cache: string;
  /** Directory made by buildSdk. */
  sdk: string;
  /** Directory whose *.c make the SAPI with main(); none links the CLI alone. */
  sapiDir?: string;
  /** Further include directories of the SAPI's sources. */
  includeDirs: readonly string[];
}

const here = fileURLToPath(new URL('.', import.meta.url));
const cliOnly = join(here, 'c/cli-only');

function sapiSources(dir: string): string[] {
  return globSync('*.c', { cwd: dir }).sort().map((name) => join(dir, name));
}

/** Key of the linked ELF: the SDK and every source that goes in. */
export function linkHash(options: LinkOptions): string {
  const dirs = [options.sapiDir ?? cliOnly, ...options.includeDirs];
  const own = readFileSync(join(here, 'link.ts'), 'utf8');
  return hashOf([basename(options.sdk), hashTree(dirs, (n) => /\.[ch]$/.test(n)), own]);
}

/**
 * Compiles the SAPI with PHP's flags and links it with the SDK into one stripped ELF.
 * Returns the directory that holds it. Takes seconds, so that SAPI work is not a rebuild.
 */
export async function linkPhp(options: LinkOptions): Promise<string> {
  const { cache, sdk, tools, target } = options;
  const hash = linkHash(options);
  const dir = join(cache, 'php', hash);
  if (existsSync(join(dir, 'php'))) return dir;
  for (const part of ['php', 'work', 'log']) mkdirSync(join(cache, part), { recursive: true });
  const work = mkdtempSync(join(cache, 'work', 'link-'));
  const log = join(cache, 'log', `link-${hash}.log`);
  const link = JSON.parse(readFileSync(join(sdk, 'link.json'), 'utf8')) as LinkFile;
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', SOURCE_DATE_EPOCH: '1700000000' };
  const step = (argv: string[]) => run(argv, { cwd: work, env, log });
  const sapi = options.sapiDir ?? cliOnly;
  const dirs = [...link.includes.map((d) => join(sdk, d)), sapi, ...options.includeDirs];
  const objects: string[] = [];
  for (const source of sapiSources(sapi)) {
    const object = `${basename(source, '.c')}.o`;
    // The map keeps the checkout's place out of __FILE__.
    const flags = [...link.cflags, `-ffile-prefix-map=${sapi}=/phpack/sapi`];
    await step([tools.cc, ...flags, ...dirs.map((d) => `-I${d}`), '-c', source, '-o', object]);
    objects.push(object);
  }
  const [libphp = '', ...rest] = link.archives.map((a) => join(sdk, a));
  await step([
    ...[tools.cxx, '-O2', '-pie', '-rdynamic', '-Wl,-z,now', '-Wl,-z,relro', '-o', 'php'],
    ...objects,
    ...['-Wl,--whole-archive', libphp, '-Wl,--no-whole-archive'],
    ...['-Wl,--start-group', ...rest, '-Wl,--end-group', ...link.system, '-lresolv'],
  ]);
  await step([tools.strip, '--strip-all', 'php']);
  mkdirSync(join(work, 'out'));
  cpSync(join(work, 'php'), join(work, 'out/php'));
  writeFileSync(join(work, 'out/target'), `${target.name}\n`);
  rmSync(dir, { recursive: true, force: true });
  renameSync(join(work, 'out'), dir);
  rmSync(work, { recursive: true, force: true });
  return dir;
}
