import type { AppConfig } from './config.ts';
import { compileGlobs } from './glob.ts';
import { isCleanPath, isInside, withoutSlash } from './paths.ts';

/** What is wrong with paths and globs that are texts as they should be. */
export function configFaults(config: AppConfig): string[] {
  const { frontController, writable, caches } = config;
  const faults = Object.entries({ writable, caches }).flatMap(([key, paths]) =>
    paths.filter((path) => !isPlace(path)).map((path) => outside(key, path)),
  );
  for (const cache of caches) {
    const other = writable.find((one) => isBelow(cache, one) || isBelow(one, cache));
    if (!other) continue;
    faults.push(`caches: ${cache} and writable: ${other} lie inside each other`);
  }
  if (frontController !== '' && !isPlace(frontController)) {
    faults.push(outside('frontController', frontController));
  }
  for (const [key, globs] of globLists(config)) {
    faults.push(...globs.flatMap((glob) => globFault(key, glob)));
  }
  return faults;
}

function globLists(config: AppConfig): [key: string, globs: readonly string[]][] {
  const { entryScripts, deny, noPhp, exclude, include, http } = config;
  return [
    ['entryScripts', entryScripts === 'any' ? [] : entryScripts],
    ...Object.entries({ deny, noPhp, exclude, include }),
    ['http.streamBodies', http.streamBodies],
    ['http.cacheControl', Object.keys(http.cacheControl)],
  ];
}

function globFault(key: string, glob: string): string[] {
  try {
    compileGlobs([glob]);
    return [];
  } catch (error) {
    return [`${key}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** A clean path, with a slash at its end or without. */
function isPlace(path: string): boolean {
  return isCleanPath(withoutSlash(path));
}

/** Both relative, with a slash at the end or without. */
export function isBelow(path: string, directory: string): boolean {
  return isInside(withoutSlash(path), withoutSlash(directory));
}

function outside(key: string, path: string): string {
  return `${key}: ${JSON.stringify(path)} is no relative path inside the app`;
}
