/**
 * Builds the php ELF: `build.ts [--sapi DIR] [--include DIR]… [--set full|minimal]
 * [--target NAME] [--allow-substitutes | --locked]`. Progress goes to stderr; the last line of stdout is JSON:
 * {"php": the ELF, "manifest": its libphp.json, "sdk": what it was linked from}.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheRoot } from './cache.ts';
import { type Extension, extensionsOf } from './extensions.ts';
import { fetchSources } from './fetch.ts';
import {
  buildLibraries,
  type FetchedSource,
  missingLibraries,
  planLibraries,
  unpack,
  withDependencies,
} from './libraries.ts';
import { linkDirectory, type LinkOptions, linkPhp } from './link.ts';
import { withBuildLock } from './lock.ts';
import { networkOrigins } from './origins.ts';
import { assertPinned, NotPinned, notPinnedStatus } from './pins.ts';
import { plainProgress, type Progress } from './progress.ts';
import { buildSdk, sdkDirectory } from './sdk.ts';
import { findSource } from './sources.ts';
import { findTarget, type Target } from './targets.ts';
import { prepareToolchain } from './toolchain.ts';

export interface BuildOptions {
  target: Target;
  set: string;
  sapiDir?: string;
  includeDirs: readonly string[];
  /** Newer versions may stand in for pinned sources that are no longer available. */
  allowSubstitutes: boolean;
  /** What is in the cache is compared with the pins as well. */
  locked: boolean;
  cache: string;
}

export interface BuildResult {
  php: string;
  manifest: string;
  sdk: string;
}

const repository = resolve(fileURLToPath(new URL('..', import.meta.url)));

function readOptions(args: string[]): BuildOptions {
  const { values } = parseArgs({
    args,
    options: {
      sapi: { type: 'string' },
      include: { type: 'string', multiple: true, default: [] },
      set: { type: 'string', default: 'full' },
      target: { type: 'string', default: 'linux-x64-gnu' },
      'allow-substitutes': { type: 'boolean', default: false },
      locked: { type: 'boolean', default: false },
    },
  });
  // The variable reaches whatever builds PHP in a run of tests.
  const allowSubstitutes =
    values['allow-substitutes'] || Boolean(process.env.PHPACK_ALLOW_SUBSTITUTES);
  if (allowSubstitutes && values.locked) {
    throw new Error('--locked forbids what --allow-substitutes allows');
  }
  return {
    target: findTarget(values.target),
    set: values.set,
    ...(values.sapi !== undefined && { sapiDir: resolve(values.sapi) }),
    includeDirs: values.include.map((dir) => resolve(dir)),
    allowSubstitutes,
    locked: values.locked,
    cache: cacheRoot(),
  };
}

function librariesOf(extensions: readonly Extension[]): string[] {
  return withDependencies(extensions.flatMap((e) => e.libraries)).map((r) => r.name);
}

/** PHP's source tree beside the cache: its own tests run from there. */
async function keepPhpSource(
  php: FetchedSource | undefined,
  cache: string,
): Promise<void> {
  if (!php) return;
  const dir = join(cache, 'src', `php-${php.version}`);
  if (existsSync(dir)) return;
  for (const part of ['src', 'work', 'log'])
    mkdirSync(join(cache, part), { recursive: true });
  const work = mkdtempSync(join(cache, 'work', 'src-'));
  await unpack(php, join(work, 'php'), join(cache, 'log', 'php-source.log'));
  renameSync(join(work, 'php'), dir);
  rmSync(work, { recursive: true });
}

/** The whole build; with everything in the cache it only computes names. */
export async function build(
  options: BuildOptions,
  progress: Progress,
): Promise<BuildResult> {
  const { target, set, cache, allowSubstitutes } = options;
  const extensions = extensionsOf(set);
  const names = librariesOf(extensions);
  const tools = await prepareToolchain(target, cache);
  const sources = ['php', ...extensions.flatMap((e) => e.source ?? []), ...names];
  const origins = networkOrigins(cache, (text) => progress.note(text));
  const fetchOptions = { cache, allowSubstitutes, origins, progress };
  const fetched = await fetchSources(sources.map(findSource), fetchOptions);
  const plan = planLibraries(names, { cache, fetched, tools });
  const common = { target, tools, cache, set, extensions, fetched, progress };
  const sdkBuild = { ...common, libraries: [...plan.values()] };
  const sdk = sdkDirectory(sdkBuild);
  const link: LinkOptions = {
    ...common,
    libraries: names,
    sdk,
    includeDirs: options.includeDirs,
    ...(options.sapiDir !== undefined && { sapiDir: options.sapiDir }),
    privatePaths: [repository, homedir()].map((path) => join(path, '/')),
  };
  const dir = linkDirectory(link);
  const result = { php: join(dir, 'php'), manifest: join(dir, 'libphp.json'), sdk };
  await keepPhpSource(fetched.get('php'), cache);
  if (!existsSync(result.manifest)) {
    const onWait = (pid: number) =>
      progress.note(`waiting for the build of process ${pid}`);
    await withBuildLock(cache, onWait, async () => {
      if (!existsSync(sdk)) {
        progress.expect([...missingLibraries(plan), 'php']);
        await buildLibraries(plan, common);
        await buildSdk(sdkBuild, sdk);
      }
      const step = progress.step('linking and validating php');
      await linkPhp(link, dir);
      step.end();
    });
  }
  if (options.locked) await assertPinned(result.php, result.manifest, sources);
  return result;
}

async function main(): Promise<void> {
  const progress = plainProgress({
    write: (line) => process.stderr.write(line),
    isTerminal: process.stderr.isTTY,
  });
  try {
    const options = readOptions(process.argv.slice(2));
    const result = await build(options, progress);
    console.log(JSON.stringify(result));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof NotPinned ? notPinnedStatus : 1;
  }
}

if (import.meta.main) await main();
