import type { AppEntry } from './walk.ts';
import type { ComposerProject } from './composer.ts';

/** What is packed and only of use to developers. */
export interface DevelopmentParts {
  /** Names of packages, and paths of `autoload-dev`, the largest first. */
  names: string[];
  packages: number;
  bytes: number;
}

/** Measures packages of `require-dev`, and what `autoload-dev` names. */
export function developmentParts(
  composer: ComposerProject,
  entries: readonly AppEntry[],
): DevelopmentParts {
  const packages = composer.packages.filter((one) => one.isDevelopment);
  const places = new Map<string, string>();
  for (const path of composer.developmentPaths) places.set(path, path);
  // Of a link into the app, only the link goes with the package.
  for (const { path, name } of packages) if (path !== null) places.set(path, name);
  const bytesOf = new Map<string, number>();
  for (const { path, size, kind } of entries) {
    const owner = kind === 'directory' ? null : ownerOf(path, places);
    if (owner !== null) bytesOf.set(owner, (bytesOf.get(owner) ?? 0) + size);
  }
  const sorted = [...bytesOf].sort(([, a], [, b]) => b - a);
  return {
    names: sorted.map(([name]) => name),
    packages: packages.filter(({ name }) => bytesOf.has(name)).length,
    bytes: sorted.reduce((sum, [, bytes]) => sum + bytes, 0),
  };
}

function ownerOf(path: string, places: ReadonlyMap<string, string>): string | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const owner = places.get(path.slice(0, end));
    if (owner !== undefined) return owner;
  }
  return null;
}
