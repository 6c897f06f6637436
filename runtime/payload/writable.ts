import { constants, copyFileSync, existsSync, lstatSync, type Stats } from 'node:fs';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import { NEW_PREFIX } from './remove.ts';

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
    const path = text.replace(/\/$/, '');
    const isClean = path.split('/').every((p) => p !== '' && p !== '.' && p !== '..');
    if (!isClean || path.includes('\0')) {
      const seen = `${key}: ${JSON.stringify(text)} is no relative path inside the app`;
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

export interface WritableHome {
  /** `<data>/var` */
  variable: string;
  /** Initial content, as extracted from this version's payload. */
  seed: string;
  /**
   * File that lists what has been copied once, so that what was deleted stays deleted.
   */
  seededList: string;
}

/** Whether every writable path is in place: a few lstat calls, made at every start. */
export function isPopulated(
  variable: string,
  paths: readonly WritablePath[],
  seed: string,
): boolean {
  return paths.every(({ path, kind }) => {
    const place = join(variable, path);
    if (kind === 'directory') return lstatIfExists(place)?.isDirectory() ?? false;
    // A file that the app brings no first version of may be absent; its directory may
    // not.
    return (
      existsSync(place) || (existsSync(dirname(place)) && !existsSync(join(seed, path)))
    );
  });
}

/**
 * Puts the initial content of writable paths in place and never touches what exists. A
 * path that is missing gets everything; in others, files that no earlier version brought
 * are added. The caller holds the lock. Returns the number of files and directories made.
 */
export function populate(home: WritableHome, paths: readonly WritablePath[]): number {
  const seeded = new Set(readList(home.seededList));
  const before = seeded.size;
  let made = 0;
  for (const writable of outermost(paths)) {
    const { path, kind } = writable;
    const place = join(home.variable, path);
    const source = lstatIfExists(join(home.seed, path));
    assertParents(home.variable, path, kind);
    assertKind(place, source, kind);
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
    if (!lstatIfExists(place)) made += placeWhole(home, writable, source !== null);
    else if (source?.isDirectory()) made += addMissing(home, path, seeded);
    if (source) for (const one of listTree(home.seed, path)) seeded.add(one);
  }
  // Those inside of others, which the payload may not have.
  makePlaces(home.variable, paths);
  if (seeded.size !== before) writeList(home.seededList, seeded);
  return made;
}

function assertKind(place: string, source: Stats | null, kind: string): void {
  for (const stats of [lstatIfExists(place), source]) {
    if (!stats || stats.isDirectory() === (kind === 'directory')) continue;
    const found = stats.isDirectory() ? 'a directory' : 'no directory';
    const seen = `${place} is to be a writable ${kind}, but there is ${found}`;
    throw new ProductError('PHPACK_E_WRITABLE_PATH', seen);
  }
}

/** An earlier version may have declared as a file what is a directory around this one. */
function assertParents(variable: string, path: string, kind: string): void {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const place = join(variable, parent);
    if (!existsSync(place) || statSync(place).isDirectory()) continue;
    const seen = `${join(variable, path)} is to be a writable ${kind}, but ${place} is a file`;
    throw new ProductError('PHPACK_E_WRITABLE_PATH', seen);
  }
}

/** In one rename, so that an interrupted copy is not taken for the whole. */
function placeWhole(home: WritableHome, one: WritablePath, hasSource: boolean): number {
  const place = join(home.variable, one.path);
  if (!hasSource) {
    if (one.kind === 'directory') mkdirSync(place, { mode: 0o755 });
    return 1;
  }
  const scratch = mkdtempSync(join(home.variable, NEW_PREFIX));
  const copy = join(scratch, 'copy');
  const made = copyTree(join(home.seed, one.path), copy);
  renameSync(copy, place);
  rmSync(scratch, { recursive: true });
  return made;
}

function addMissing(
  home: WritableHome,
  path: string,
  seeded: ReadonlySet<string>,
): number {
  let made = 0;
  for (const one of listTree(home.seed, path)) {
    if (seeded.has(one)) continue;
    const place = join(home.variable, one);
    // Nothing is written through links the app made, nor into what it deleted.
    if (lstatIfExists(place) || !lstatIfExists(dirname(place))?.isDirectory()) continue;
    made += copyOne(join(home.seed, one), place);
  }
  return made;
}

/** `path` and everything below it, parents first, relative to `root`. */
function listTree(root: string, path: string): string[] {
  if (!lstatSync(join(root, path)).isDirectory()) return [path];
  const names = readdirSync(join(root, path)).sort();
  return [path, ...names.flatMap((name) => listTree(root, `${path}/${name}`))];
}

function copyTree(from: string, to: string): number {
  let made = copyOne(from, to);
  if (!lstatSync(from).isDirectory()) return made;
  for (const name of readdirSync(from))
    made += copyTree(join(from, name), join(to, name));
  return made;
}

function copyOne(from: string, to: string): number {
  const stats = lstatSync(from);
  if (stats.isDirectory()) {
    mkdirSync(to, { mode: 0o700 });
    chmodSync(to, stats.mode & 0o755);
  } else if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
  } else {
    const scratch = `${to}${NEW_PREFIX}${process.pid}`;
    rmSync(scratch, { force: true });
    copyFileSync(from, scratch, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    renameSync(scratch, to);
  }
  return 1;
}

function readList(file: string): string[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as string[];
  } catch (error) {
    // Without the list, existing files are still kept; deleted ones may come back once.
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return [];
    throw error;
  }
}

function writeList(file: string, paths: ReadonlySet<string>): void {
  const scratch = `${file}${NEW_PREFIX}${process.pid}`;
  rmSync(scratch, { force: true });
  writeFileSync(scratch, JSON.stringify([...paths].sort()), { flag: 'wx', mode: 0o600 });
  renameSync(scratch, file);
}

function lstatIfExists(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
