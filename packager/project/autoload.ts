import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { leadsOutside } from '../../contract/paths.ts';

/**
 * What Composer's autoloader names, as paths relative to the app's root; `../` leads out
 * of the app. It is read from what Composer has generated, not from composer.json: only
 * there are packages, plugins and `--no-dev` taken into account.
 */
export interface Autoloader {
  /** Loaded at every start: without one of them, nothing works. */
  files: readonly string[];
  /** Of the class map. */
  classes: readonly string[];
  /** Where classes are looked for by their names, and include paths. */
  directories: readonly string[];
}

const directoryLists = [
  'autoload_psr4.php',
  'autoload_namespaces.php',
  'include_paths.php',
];

/** Without files that Composer has generated, there is nothing. */
export function readAutoloader(root: string, vendorDir: string): Autoloader {
  const read = (name: string): string[] =>
    pathsIn(textOf(join(root, vendorDir, 'composer', name)), root, vendorDir);
  return {
    files: read('autoload_files.php'),
    classes: read('autoload_classmap.php'),
    directories: directoryLists.flatMap(read),
  };
}

/**
 * All values of a list as Composer's AutoloadGenerator writes it: `'key' => $baseDir .
 * '/src'`, or an array of such. A path outside of both directories is absolute.
 */
function pathsIn(text: string, root: string, vendorDir: string): string[] {
  const found = text.matchAll(
    /(?:\$(?<base>vendorDir|baseDir) \. )?'(?<text>(?:[^'\\]|\\.)*)'(?<isKey> =>)?/gs,
  );
  return [...found].flatMap(({ groups }) => {
    const { base, text: quoted = '', isKey } = groups ?? {};
    const path = quoted.replace(/\\([\\'])/g, '$1');
    if (isKey || path.includes('://')) return [];
    if (base === undefined) return path.startsWith('/') ? [insideOf(root, path)] : [];
    return [clean(join(base === 'vendorDir' ? vendorDir : '.', path))];
  });
}

function insideOf(root: string, absolute: string): string {
  const byName = relative(root, absolute);
  return leadsOutside(byName) ? relative(realpathSync(root), absolute) : byName;
}

function clean(path: string): string {
  return normalize(path).replace(/^\.$|\/$/, '');
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Answers for paths of the app's tree what the autoloader wants of them. */
export interface NamedPaths {
  /** It is named itself. */
  has(path: string): boolean;
  /** Something below it is named. */
  isAbove(path: string): boolean;
}

/** Of an app without Composer. */
export const nothingNamed: NamedPaths = { has: () => false, isAbove: () => false };

/**
 * By the names that the autoloader uses, and by those of what is behind links: Composer
 * links packages of `path` repositories.
 */
export function namedPaths(root: string, autoloader: Autoloader): NamedPaths {
  const { files, classes, directories } = autoloader;
  const names = [files, classes, directories].flat().filter((path) => path !== '');
  const behindLinks = directories.flatMap((path) => realPath(root, path) ?? []);
  const all = new Set([...names, ...behindLinks]);
  for (const [directory, inside] of groupByDirectory(names)) {
    const real = realPath(root, directory);
    if (real !== null) for (const name of inside) all.add(join(real, name));
  }
  const above = new Set<string>();
  for (const path of all) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (above.has(parent)) break;
      above.add(parent);
    }
  }
  return { has: (path) => all.has(path), isAbove: (path) => above.has(path) };
}

/** Thousands of classes are in hundreds of directories. */
function groupByDirectory(paths: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const path of paths) {
    const directory = dirname(path);
    const others = found.get(directory);
    if (others) others.push(basename(path));
    else found.set(directory, [basename(path)]);
  }
  return found;
}

/** With every link followed, relative to the root; null for what does not exist. */
export function realPath(root: string, path: string): string | null {
  try {
    return relative(realpathSync.native(root), realpathSync.native(join(root, path)));
  } catch {
    return null;
  }
}
