import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readFileSync, renameSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { NativeAddon } from '../native.ts';
import { syncDirectory } from './binary.ts';
import { fileSystemError } from './data-dir.ts';
import { withAppLock } from './lock.ts';
import { findMovedPlaces, type MovedPlace } from './moved.ts';
import { readPart } from './part.ts';
import { populate } from './populate.ts';
import { hideUnfinished, NEW_PREFIX, removeHidden } from './remove.ts';
import { removeLeftovers, removeTree } from './remove.ts';
import { TarReader } from './tar.ts';
import type { OpenPayload } from './trailer.ts';
import { type LinkedPath, type TreeTarget, TreeWriter } from './tree.ts';
import { type CompleteMark, type LinkedPaths, readMark, versionOf } from './version.ts';
import { isPopulated, makePlaces, outermost } from './writable.ts';

export type ExtractAddon = Pick<NativeAddon, 'tryLock' | 'syncFilesystem'>;

export interface ExtractSources {
  payload: OpenPayload;
  dataDir: string;
  paths: LinkedPaths;
  /** Called only when there is something to do. */
  loadAddon: () => ExtractAddon;
  log: Log;
  /** Ends the unpacking; what there is so far goes with the next one. */
  signal?: AbortSignal | undefined;
}

export interface ExtractedApp {
  /** Name of the version's directory. */
  version: string;
  /** The app's root. */
  root: string;
  /** Where the links of writable paths lead. */
  variable: string;
  /** What of it is elsewhere. */
  moved: MovedPlace[];
  /** What is derived from the code, and goes with this version. */
  caches: string;
  /** The php.ini at the app's root, '' when there is none. */
  phpIni: string;
  /** Whether this start extracted it. */
  isNew: boolean;
}

/**
 * Makes sure that the app is extracted and its writable paths are in place. A warm start
 * reads one small file. Throws PHPACK_E_PAYLOAD_DAMAGED, PHPACK_E_DISK_FULL,
 * PHPACK_E_DATA_DIR_*, PHPACK_E_WRITABLE_PATH.
 */
export async function extractApp(sources: ExtractSources): Promise<ExtractedApp> {
  const { payload, dataDir, paths, loadAddon, log, signal } = sources;
  const { sha256 } = payload.manifest.app;
  const version = versionOf(sha256, paths);
  const home = join(dataDir, 'app', version);
  const variable = join(dataDir, 'var');
  const seed = join(home, 'seed');
  const moved = findMovedPlaces(variable, paths.writable);
  const findReady = (): CompleteMark | null => {
    const mark = readMark(home, sha256);
    if (!mark || !existsSync(join(home, 'populated'))) return null;
    return isPopulated(variable, paths.writable, seed) && touch(home) ? mark : null;
  };
  let mark = findReady();
  let isNew = false;
  if (!mark) {
    const onWait = (): void =>
      log.write('info', 'waiting for another process that unpacks the app');
    const addon = loadAddon();
    const makeReady = async (): Promise<CompleteMark> => {
      try {
        const ready = findReady();
        if (ready) return ready;
        const found = readMark(home, sha256);
        isNew = found === null;
        const whole = found ?? (await extract(sources, home, addon));
        const seededList = join(dataDir, 'state/seeded.json');
        await populate({ variable, seed, seededList, signal }, paths.writable);
        for (const place of [variable, ...moved.map(({ target }) => target)]) {
          sync(addon, place);
        }
        writeFileSync(join(home, 'populated'), '', { mode: 0o600 });
        touch(home);
        return whole;
      } catch (error) {
        throw fileSystemError(error, dataDir);
      }
    };
    mark = await withAppLock(addon, dataDir, onWait, makeReady, signal);
  }
  const [root, caches] = [join(home, 'tree'), join(home, 'caches')];
  return { version, root, variable, moved, caches, phpIni: mark.phpIni, isNew };
}

/**
 * By this time, prune knows which versions were used last. False: it has just taken this one
 * away.
 */
function touch(home: string): boolean {
  try {
    const now = Date.now() / 1000;
    utimesSync(join(home, 'complete'), now, now);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function extract(
  { payload, dataDir, paths, log, signal }: ExtractSources,
  home: string,
  addon: ExtractAddon,
): Promise<CompleteMark> {
  const { app, parts } = payload.manifest;
  const started = performance.now();
  const apps = join(dataDir, 'app');
  hideUnfinished(apps);
  await removeHidden(apps);
  // Library and program are written without the lock; an hour is long enough for them.
  await removeLeftovers(join(dataDir, 'bin'), 3_600_000);
  await removeTree(home);
  assertSpace(dataDir, parts.app.size, app.files);
  const scratch = mkdtempSync(join(apps, NEW_PREFIX));
  const umask = process.umask(0o022);
  const writer = new TreeWriter(makeTarget(scratch, home, join(dataDir, 'var'), paths));
  try {
    const reader = new TarReader(writer);
    const write = (chunk: Buffer): void => reader.write(chunk);
    await readPart(payload, 'app', parts.app, write, signal);
    reader.end();
    writer.finish();
    makePlaces(join(scratch, 'caches'), paths.caches);
    const phpIni = readIfExists(join(scratch, 'tree/php.ini'));
    const mark = { app: app.sha256, files: writer.files, phpIni };
    const complete = join(scratch, 'complete');
    writeFileSync(complete, JSON.stringify(mark), { flag: 'wx', mode: 0o600 });
    signal?.throwIfAborted();
    // One call for all files: fsync of each costs a journal commit of its own.
    sync(addon, scratch);
    renameSync(scratch, home);
    syncDirectory(apps);
    const ms = Math.round(performance.now() - started);
    log.write('info', 'unpacked the app', { files: writer.files, ms, path: home });
    return mark;
  } catch (error) {
    writer.close();
    // Who wants to stop does not want to wait for that either.
    if (!signal?.aborted) await removeTree(scratch).catch(() => {});
    throw error;
  } finally {
    process.umask(umask);
  }
}

/** Makes the directories inside `scratch`, which is to be renamed to `home`. */
function makeTarget(
  scratch: string,
  home: string,
  variable: string,
  paths: LinkedPaths,
): TreeTarget {
  for (const name of ['tree', 'seed', 'caches']) mkdirSync(join(scratch, name));
  const seed = join(scratch, 'seed');
  const caches = join(scratch, 'caches');
  const links: LinkedPath[] = [
    ...outermost(paths.writable).map(({ path }) => ({
      path,
      store: seed,
      home: variable,
    })),
    ...outermost(paths.caches).map(({ path }) => ({
      path,
      store: caches,
      home: join(home, 'caches'),
    })),
  ];
  return { tree: join(scratch, 'tree'), finalTree: join(home, 'tree'), links };
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Fails early and with numbers; the system's own error comes after minutes of writing.
 */
function assertSpace(dataDir: string, bytes: number, files: number): void {
  const { bavail, bsize, ffree, files: inodes } = statfsSync(dataDir);
  const lacks =
    bavail * bsize < bytes
      ? `${mebibytes(bytes)} are needed, ${mebibytes(bavail * bsize)} are free`
      : inodes > 0 && ffree < files
        ? `${files} files are to be made, ${ffree} can be`
        : '';
  if (lacks === '') return;
  throw new ProductError('PHPACK_E_DISK_FULL', `no space left for ${dataDir}: ${lacks}`);
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / (1 << 20))} MiB`;
}

function sync(addon: ExtractAddon, path: string): void {
  const fd = openSync(path, 'r');
  try {
    addon.syncFilesystem(fd);
  } finally {
    closeSync(fd);
  }
}
