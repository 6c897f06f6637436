import type { AppEntry } from './walk.ts';
import type { ComposerProject } from './composer.ts';
import { realPath } from './autoload.ts';

/** What is packed and only of use to developers. */
export interface DevelopmentParts {
  /** Names of packages, and paths of `autoload-dev`, the largest first. */
  names: string[];
  packages: number;
  bytes: number;
}

/** Measures packages of `require-dev`, and what `autoload-dev` names. */
export function developmentParts(
  root: string,
  composer: ComposerProject,
  entries: readonly AppEntry[],
): DevelopmentParts {
  const packages = composer.packages.filter((one) => one.isDevelopment);
  const places = new Map<string, string>();
  for (const path of composer.developmentPaths) places.set(path, path);
  for (const { path, name } of packages) {
    // Behind a link to a directory of the app, that directory is what is packed.
    if (path !== null) places.set(inside(realPath(root, path)) ?? path, name);
  }
  const bytesOf = new Map<string, number>();
  for (const { path, size, kind } of entries) {
    const owner = kind === 'file' ? ownerOf(path, places) : null;
    if (owner !== null) bytesOf.set(owner, (bytesOf.get(owner) ?? 0) + size);
  }
  const sorted = [...bytesOf].sort(([, a], [, b]) => b - a);
  return {
    names: sorted.map(([name]) => name),
    packages: packages.filter(({ name }) => bytesOf.has(name)).length,
    bytes: sorted.reduce((sum, [, bytes]) => sum + bytes, 0),
  };
}

function inside(path: string | null): string | null {
  return path === null || path.startsWith('../') ? null : path;
}

function ownerOf(path: string, places: ReadonlyMap<string, string>): string | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const owner = places.get(path.slice(0, end));
    if (owner !== undefined) return owner;
  }
  return null;
}
