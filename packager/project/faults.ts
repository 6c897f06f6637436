import type { AppConfig } from '../../contract/config.ts';
import { compileGlobs } from './glob.ts';

/** What is wrong with values that the types of the schema let through. */
export function configFaults(config: AppConfig): string[] {
  const { frontController, writable, caches, php } = config;
  const faults = Object.entries({ writable, caches }).flatMap(([key, paths]) =>
    paths.filter((path) => !isInside(path)).map((path) => outside(key, path)),
  );
  for (const cache of caches) {
    const other = writable.find((one) => isBelow(cache, one) || isBelow(one, cache));
    if (other)
      faults.push(`caches: ${cache} and writable: ${other} lie inside each other`);
  }
  if (frontController !== '' && !isInside(frontController)) {
    faults.push(outside('frontController', frontController));
  }
  for (const [key, globs] of globLists(config)) {
    faults.push(...globs.flatMap((glob) => globFault(key, glob)));
  }
  for (const [name, value] of Object.entries(php.ini)) {
    // As the product's own check, which would only come at its start.
    const isName = /^[A-Za-z_][\w.-]*$/.test(name);
    if (!isName) faults.push(`php.ini: ${JSON.stringify(name)} is no directive`);
    // oxlint-disable-next-line no-control-regex
    if (/[\0\r\n]/.test(value)) faults.push(`php.ini.${name}: is more than one line`);
  }
  for (const [name, value] of Object.entries(php.env)) {
    // oxlint-disable-next-line no-control-regex
    if (/^[^=\0]+$/.test(name) && !value.includes('\0')) continue;
    faults.push(`php.env: ${JSON.stringify(name)} cannot be a variable`);
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
function isInside(path: string): boolean {
  const parts = path.replace(/\/$/, '').split('/');
  const isClean = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  return isClean && !path.includes('\0');
}

/** Both relative, with a slash at the end or without. */
export function isBelow(path: string, directory: string): boolean {
  return `${path.replace(/\/$/, '')}/`.startsWith(`${directory.replace(/\/$/, '')}/`);
}

function outside(key: string, path: string): string {
  return `${key}: ${JSON.stringify(path)} is no relative path inside the app`;
}
