import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf } from './hash.ts';
import { run } from './process.ts';
import type { Progress } from './progress.ts';
import { type BuildContext, buildEnv, prefix, type Recipe, stepRunner } from './recipe.ts';
import { recipes } from './recipes/index.ts';
import type { Target } from './targets.ts';
import type { Toolchain } from './toolchain.ts';

/** An unpackable source as fetch.ts found it: `sha256` is of the file really used. */
export interface FetchedSource {
  name: string;
  version: string;
  path: string;
  sha256: string;
}

export interface BuiltLibrary {
  name: string;
  hash: string;
  /** Directory with include/, lib/ and the source's licence text. */
  dir: string;
}

export interface LibraryBuild {
  target: Target;
  tools: Toolchain;
  cache: string;
  fetched: ReadonlyMap<string, FetchedSource>;
  progress: Progress;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const shared = ['recipe.ts'];

function recipeText(recipe: Recipe): string {
  const files = [`recipes/${recipe.name}.ts`, ...shared, ...(recipe.files ?? [])];
  return files.map((f) => readFileSync(join(here, f), 'utf8')).join('\0');
}

/** The named libraries and all they depend on, in an order that can be built. */
export function withDependencies(names: readonly string[]): Recipe[] {
  const wanted = new Set<string>();
  const add = (name: string): void => {
    if (wanted.has(name)) return;
    const recipe = recipes.find((r) => r.name === name);
    if (!recipe) throw new Error(`no recipe for library "${name}"`);
    wanted.add(name);
    for (const dep of recipe.deps) add(dep);
  };
  for (const name of names) add(name);
  return recipes.filter((r) => wanted.has(r.name));
}

function keyOf(recipe: Recipe, build: LibraryBuild, done: Map<string, BuiltLibrary>): string {
  const source = build.fetched.get(recipe.name)?.sha256;
  const deps = recipe.deps.map((d) => done.get(d)?.hash);
  const inputs = recipe.inputs?.();
  return hashOf([recipe.name, recipeText(recipe), inputs, source, deps, build.tools.hash]);
}

/** Unpacks a tarball; its single top directory becomes `dir`. */
export async function unpack(archive: string, dir: string, log: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const argv = ['tar', '-xf', archive, '-C', dir, '--strip-components=1', '--no-same-owner'];
  await run(argv, { cwd: dir, env, log });
}

/** Copies (hard-links) what the dependencies installed into one include/ and lib/. */
export function mergeLibraries(into: string, libraries: readonly BuiltLibrary[]): void {
  for (const part of ['include', 'lib/pkgconfig']) {
    mkdirSync(join(into, part), { recursive: true });
  }
  for (const library of libraries) {
    for (const part of ['include', 'lib']) {
      const from = join(library.dir, part);
      if (existsSync(from)) cpSync(from, join(into, part), { recursive: true });
    }
  }
}

/** .pc files find their own prefix, wherever they are copied; libtool's .la files go. */
function makeRelocatable(dir: string): void {
  const pkgconfig = join(dir, 'lib/pkgconfig');
  for (const name of existsSync(pkgconfig) ? readdirSync(pkgconfig) : []) {
    const file = join(pkgconfig, name);
    const own = '$' + '{pcfiledir}/../..';
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(prefix, own));
  }
  for (const name of readdirSync(join(dir, 'lib'))) {
    if (name.endsWith('.la')) rmSync(join(dir, 'lib', name));
  }
}

function transitive(recipe: Recipe, done: Map<string, BuiltLibrary>): BuiltLibrary[] {
  return withDependencies(recipe.deps).flatMap((r) => done.get(r.name) ?? []);
}

async function buildOne(recipe: Recipe, build: LibraryBuild, done: Map<string, BuiltLibrary>) {
  const hash = keyOf(recipe, build, done);
  const dir = join(build.cache, 'lib', `${recipe.name}-${hash}`);
  if (existsSync(dir)) return { name: recipe.name, hash, dir };
  const source = build.fetched.get(recipe.name);
  if (!source) throw new Error(`no source for ${recipe.name}`);
  mkdirSync(join(build.cache, 'lib'), { recursive: true });
  mkdirSync(join(build.cache, 'log'), { recursive: true });
  const work = mkdtempSync(join(build.cache, 'work', `${recipe.name}-`));
  const log = join(build.cache, 'log', `${recipe.name}-${hash}.log`);
  const end = build.progress.step(`${recipe.name} ${source.version}`);
  const [src, dest, deps] = ['src', 'dest', 'deps'].map((d) => join(work, d)) as
    [string, string, string];
  mergeLibraries(deps, transitive(recipe, done));
  await unpack(source.path, src, log);
  const env = buildEnv(build.tools, deps, work);
  const { target, tools } = build;
  const runStep = stepRunner(src, env, log);
  const ctx: BuildContext = { target, tools, src, dest, deps, jobs: 2, run: runStep, env };
  await recipe.build(ctx);
  makeRelocatable(join(dest, prefix));
  renameSync(join(dest, prefix), dir);
  rmSync(work, { recursive: true, force: true });
  end();
  return { name: recipe.name, hash, dir };
}

/** Builds (or finds in the cache) the libraries, two at a time, dependencies first. */
export async function buildLibraries(
  names: readonly string[],
  build: LibraryBuild,
): Promise<BuiltLibrary[]> {
  mkdirSync(join(build.cache, 'work'), { recursive: true });
  const pending = withDependencies(names);
  const done = new Map<string, BuiltLibrary>();
  const running = new Map<string, Promise<void>>();
  while (pending.length > 0 || running.size > 0) {
    const next = pending.findIndex((r) => r.deps.every((d) => done.has(d)));
    if (running.size < 2 && next >= 0) {
      const [recipe] = pending.splice(next, 1) as [Recipe];
      const job = buildOne(recipe, build, done).then((built) => {
        done.set(recipe.name, built);
        running.delete(recipe.name);
      });
      running.set(recipe.name, job);
      continue;
    }
    await Promise.race(running.values());
  }
  return withDependencies(names).flatMap((r) => done.get(r.name) ?? []);
}
