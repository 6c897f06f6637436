import { constants, existsSync, lstatSync, type Stats } from 'node:fs';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import { lstatIfExists, statIfExists } from './ancestors.ts';
import { NEW_PREFIX, removeLeftovers } from './remove.ts';
import { makePlaces, outermost, type WritablePath } from './writable.ts';

export interface WritableHome {
  /** `<data>/var` */
  variable: string;
  /** Initial content, as extracted from this version's payload. */
  seed: string;
  /**
   * File that lists what has been copied once, so that what was deleted stays deleted.
   */
  seededList: string;
  /** Ends the copying between two files; the next start goes on. */
  signal?: AbortSignal | undefined;
}

/**
 * Puts the initial content of writable paths in place and never touches what exists. A
 * path that is missing gets everything; in others, files that no earlier version brought
 * are added. The caller holds the lock. Asynchronous, so that a signal is heard meanwhile.
 */
export async function populate(
  home: WritableHome,
  paths: readonly WritablePath[],
): Promise<void> {
  const seeded = new Set(readList(home.seededList));
  const before = seeded.size;
  for (const writable of outermost(paths)) {
    const { path, kind } = writable;
    const place = join(home.variable, path);
    const source = lstatIfExists(join(home.seed, path));
    assertParents(home.variable, path, kind);
    assertKind(place, source, kind);
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
    if (!lstatIfExists(place)) await placeWhole(home, writable, source !== null);
    else if (source?.isDirectory()) await addMissing(home, path, seeded);
    if (source) for (const one of listTree(home.seed, path)) seeded.add(one);
  }
  // Those inside of others, which the payload may not have.
  makePlaces(home.variable, paths);
  if (seeded.size !== before) writeList(home.seededList, seeded);
}

function assertKind(place: string, source: Stats | null, kind: string): void {
  // What a link leads to has been checked: see moved.ts.
  for (const stats of [statIfExists(place), source]) {
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
async function placeWhole(
  home: WritableHome,
  one: WritablePath,
  hasSource: boolean,
): Promise<void> {
  const place = join(home.variable, one.path);
  if (!hasSource) {
    if (one.kind === 'directory') mkdirSync(place, { mode: 0o755 });
    return;
  }
  // Beside it: the directory may be a link to another disk.
  await removeLeftovers(dirname(place), 0);
  const scratch = mkdtempSync(join(dirname(place), NEW_PREFIX));
  const copy = join(scratch, 'copy');
  await copyTree(home, join(home.seed, one.path), copy);
  renameSync(copy, place);
  rmSync(scratch, { recursive: true });
}

async function addMissing(
  home: WritableHome,
  path: string,
  seeded: ReadonlySet<string>,
): Promise<void> {
  for (const one of listTree(home.seed, path)) {
    if (seeded.has(one)) continue;
    const place = join(home.variable, one);
    const parent = dirname(one);
    // Nothing is written through links the app made, nor into what it deleted.
    const look = parent === path ? statIfExists : lstatIfExists;
    if (!look(join(home.variable, parent))?.isDirectory()) continue;
    if (!lstatIfExists(place)) await copyOne(home, join(home.seed, one), place);
  }
}

/** `path` and everything below it, parents first, relative to `root`. */
function listTree(root: string, path: string): string[] {
  if (!lstatSync(join(root, path)).isDirectory()) return [path];
  const names = readdirSync(join(root, path)).sort();
  return [path, ...names.flatMap((name) => listTree(root, `${path}/${name}`))];
}

async function copyTree(home: WritableHome, from: string, to: string): Promise<void> {
  await copyOne(home, from, to);
  if (!lstatSync(from).isDirectory()) return;
  for (const name of readdirSync(from)) {
    await copyTree(home, join(from, name), join(to, name));
  }
}

async function copyOne(home: WritableHome, from: string, to: string): Promise<void> {
  home.signal?.throwIfAborted();
  const stats = lstatSync(from);
  if (stats.isDirectory()) {
    mkdirSync(to, { mode: 0o700 });
    chmodSync(to, stats.mode & 0o755);
  } else if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
  } else {
    const scratch = `${to}${NEW_PREFIX}${process.pid}`;
    rmSync(scratch, { force: true });
    await copyFile(from, scratch, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    renameSync(scratch, to);
  }
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
