import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyFetched } from './fetch.ts';
import { hashOf } from './hash.ts';
import { run } from './process.ts';
import type { Progress } from './progress.ts';
import { buildEnv, prefix, type Recipe, stepRunner } from './recipe.ts';
import { recipes } from './recipes/index.ts';
import { findSource } from './sources.ts';
import type { Target } from './targets.ts';
import type { Toolchain } from './toolchain.ts';

/** An unpackable source as fetch.ts found it: `sha256` is of the file really used. */
export interface FetchedSource {
  name: string;
  version: string;
  path: string;
  sha256: string;
  /** The pinned version, where this one only stands in for it. */
  substituteFor?: string;
}

/** Where a library is, or will be once it is built. */
export interface BuiltLibrary {
  name: string;
  hash: string;
  /** Directory with include/ and lib/. */
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

/** The licence text beside include/ and lib/. */
export const licenceName = 'licence.txt';

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

type LibraryInputs = Pick<LibraryBuild, 'cache' | 'fetched' | 'tools'>;

/**
 * The named libraries and all they depend on, in an order that can be built, with the
 * directory each has in the cache: its name is a hash of all that goes in.
 */
export function planLibraries(
  names: readonly string[],
  inputs: LibraryInputs,
): Map<string, BuiltLibrary> {
  const plan = new Map<string, BuiltLibrary>();
  for (const recipe of withDependencies(names)) {
    const { name } = recipe;
    const source = inputs.fetched.get(name)?.sha256;
    const deps = recipe.deps.map((d) => plan.get(d)?.hash);
    const own = recipe.inputs?.();
    const hash = hashOf([name, recipeText(recipe), own, source, deps, inputs.tools.hash]);
    plan.set(name, { name, hash, dir: join(inputs.cache, 'lib', `${name}-${hash}`) });
  }
  return plan;
}

/** Unpacks a source, its hash checked again; its single top directory becomes `dir`. */
export async function unpack(
  source: FetchedSource,
  dir: string,
  log: string,
): Promise<void> {
  await verifyFetched(source);
  mkdirSync(dir, { recursive: true });
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const argv = ['tar', '-xf', source.path, '-C', dir];
  const options = ['--strip-components=1', '--no-same-owner'];
  await run([...argv, ...options], { cwd: dir, env, log });
}

/** Copies (hard-links) what the dependencies installed into one include/ and lib/. */
export function mergeLibraries(into: string, libraries: readonly BuiltLibrary[]): void {
  for (const part of ['include', 'lib/pkgconfig']) {
    mkdirSync(join(into, part), { recursive: true });
  }
  for (const library of libraries) {
    for (const part of ['include', 'lib']) {
      const from = join(library.dir, part);
      // As links are: a resolved one would lead back into the cache, and be written through.
      const options = { recursive: true, verbatimSymlinks: true };
      if (existsSync(from)) cpSync(from, join(into, part), options);
    }
  }
}

/** pkg-config's word for the directory of the .pc file. */
const ownDirectory = `$\{pcfiledir}/../..`;

/** .pc files find their own prefix, wherever they are copied; libtool's .la files go. */
function makeRelocatable(dir: string, deps: string): void {
  const pkgconfig = join(dir, 'lib/pkgconfig');
  for (const name of existsSync(pkgconfig) ? readdirSync(pkgconfig) : []) {
    const file = join(pkgconfig, name);
    const text = readFileSync(file, 'utf8').replaceAll(prefix, ownDirectory);
    writeFileSync(file, text.replaceAll(`-L${deps}/lib`, ''));
  }
  for (const name of readdirSync(join(dir, 'lib'))) {
    if (name.endsWith('.la')) rmSync(join(dir, 'lib', name));
  }
}

async function buildOne(
  recipe: Recipe,
  build: LibraryBuild,
  plan: ReadonlyMap<string, BuiltLibrary>,
  label: string,
): Promise<void> {
  const { target, tools, cache } = build;
  const { hash, dir } = plan.get(recipe.name) as BuiltLibrary;
  const source = build.fetched.get(recipe.name);
  if (!source) throw new Error(`no source for ${recipe.name}`);
  // Of a fixed name, as it gets into the bytes by __FILE__; the build lock protects it.
  const work = join(cache, 'work', basename(dir));
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const log = join(cache, 'log', `${recipe.name}-${hash}.log`);
  const step = build.progress.step(
    `${label} ${recipe.name} ${source.version}`,
    recipe.name,
  );
  const [src, dest, deps] = ['src', 'dest', 'deps'].map((d) => join(work, d)) as [
    string,
    string,
    string,
  ];
  const needed = withDependencies(recipe.deps).flatMap((r) => plan.get(r.name) ?? []);
  mergeLibraries(deps, needed);
  await unpack(source, src, log);
  const env = buildEnv(tools, deps, work);
  const runStep = stepRunner(src, env, log);
  await recipe.build({ target, tools, src, dest, deps, jobs: 2, run: runStep, env });
  makeRelocatable(join(dest, prefix), deps);
  const licence = join(src, findSource(recipe.name).licenceFile);
  copyFileSync(licence, join(dest, prefix, licenceName));
  renameSync(join(dest, prefix), dir);
  rmSync(work, { recursive: true, force: true });
  step.end();
}

/** Names of what the plan lacks in the cache. */
export function missingLibraries(plan: ReadonlyMap<string, BuiltLibrary>): string[] {
  return [...plan.values()].filter((l) => !existsSync(l.dir)).map((l) => l.name);
}

/** Builds what the plan lacks in the cache, two at a time, dependencies first. */
export async function buildLibraries(
  plan: ReadonlyMap<string, BuiltLibrary>,
  build: LibraryBuild,
): Promise<void> {
  for (const part of ['work', 'lib', 'log']) {
    mkdirSync(join(build.cache, part), { recursive: true });
  }
  const isDone = (name: string) => existsSync(plan.get(name)?.dir ?? '');
  const pending = recipes.filter((r) => plan.has(r.name) && !isDone(r.name));
  const total = pending.length;
  const running = new Map<string, Promise<void>>();
  while (pending.length > 0 || running.size > 0) {
    const next = pending.findIndex((r) => r.deps.every(isDone));
    if (running.size < 2 && next >= 0) {
      const [recipe] = pending.splice(next, 1) as [Recipe];
      const label = `library ${total - pending.length} of ${total}:`;
      const job = buildOne(recipe, build, plan, label);
      running.set(
        recipe.name,
        job.finally(() => running.delete(recipe.name)),
      );
      continue;
    }
    await Promise.race(running.values());
  }
}
