import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isCleanPath, withoutSlash } from '../../contract/paths.ts';
import { ProductError } from '../errors.ts';
import { statIfExists } from './ancestors.ts';

export interface WritablePath {
  /** Relative to the app's root, without a slash at the end. */
  path: string;
  kind: 'directory' | 'file';
}

/** The `writable` or `caches` of a configuration. Throws PHPACK_E_CONFIG. */
export function parseWritable(
  list: readonly string[],
  key: 'writable' | 'caches' = 'writable',
): WritablePath[] {
  return list.map((text) => {
    const kind = text.endsWith('/') ? 'directory' : 'file';
    const path = withoutSlash(text);
    if (!isCleanPath(path)) {
      const shown = JSON.stringify(text);
      const seen = `${key}: ${shown} is not a relative path inside the app`;
      throw new ProductError('PHPACK_E_CONFIG', seen);
    }
    return { path, kind };
  });
}

/** Those that lie in no other; only they become links. */
export function outermost(list: readonly WritablePath[]): WritablePath[] {
  const inner = (one: WritablePath): boolean =>
    list.some((other) => one.path.startsWith(`${other.path}/`));
  const unique = new Map(list.map((one) => [one.path, one]));
  return [...unique.values()]
    .filter((one) => !inner(one))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Makes what the app brings nothing for: directories, and places for files. */
export function makePlaces(root: string, paths: readonly WritablePath[]): void {
  for (const { path, kind } of paths) {
    const place = join(root, path);
    const directory = kind === 'directory' ? place : dirname(place);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
  }
}

/** Whether every writable path is in place: a few lstat calls, made at every start. */
export function isPopulated(
  variable: string,
  paths: readonly WritablePath[],
  seed: string,
): boolean {
  return paths.every(({ path, kind }) => {
    const place = join(variable, path);
    if (kind === 'directory') {
      return statIfExists(place)?.isDirectory() ?? false;
    }
    // A file that the app brings no first version of may be absent; its directory may
    // not.
    return (
      existsSync(place) || (existsSync(dirname(place)) && !existsSync(join(seed, path)))
    );
  });
}
