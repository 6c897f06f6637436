import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { renameSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { NativeAddon } from '../native.ts';
import { syncDirectory } from './binary.ts';
import { assertOwn, fileSystemError } from './data-dir.ts';
import { withAppLock } from './lock.ts';
import { readPart } from './part.ts';
import { NEW_PREFIX, removeLeftovers, removeTree } from './remove.ts';
import { TarReader } from './tar.ts';
import type { OpenPayload } from './trailer.ts';
import { TreeWriter } from './tree.ts';
import { isPopulated, outermost, populate, type WritablePath } from './writable.ts';

/** Part of every version's name: a new way of laying out the tree must not meet an old tree. */
const LAYOUT = 1;

export interface ExtractedApp {
  /** Names the version's directory: hash of the tree, and of what else shapes it. */
  version: string;
  /** The app's root. */
  root: string;
  /** Where the links of writable paths lead. */
  variable: string;
  /** The php.ini at the app's root, '' when there is none. */
  phpIni: string;
  /** Whether this start extracted it. */
  isNew: boolean;
}

export type ExtractAddon = Pick<NativeAddon, 'tryLock' | 'syncFilesystem'>;

/** What `complete` contains; written last, so its presence means that all is there. */
interface CompleteMark {
  app: string;
  files: number;
  phpIni: string;
}

export function versionOf(appSha256: string, writable: readonly WritablePath[]): string {
  const shape = JSON.stringify([LAYOUT, outermost(writable)]);
  const hash = createHash('sha256').update(shape).digest('hex');
  return `${appSha256}-${hash.slice(0, 8)}`;
}

/**
 * Makes sure that the app is extracted and its writable paths are in place. A warm start reads one
 * small file; `loadAddon` is called only when there is something to do. Throws
 * PHPACK_E_PAYLOAD_DAMAGED, PHPACK_E_DISK_FULL, PHPACK_E_DATA_DIR_*, PHPACK_E_WRITABLE_PATH.
 */
export async function extractApp(
  payload: OpenPayload,
  dataDir: string,
  writable: readonly WritablePath[],
  loadAddon: () => ExtractAddon,
  log: Log,
): Promise<ExtractedApp> {
  const { sha256 } = payload.manifest.app;
  const version = versionOf(sha256, writable);
  const home = join(dataDir, 'app', version);
  const variable = join(dataDir, 'var');
  const seed = join(home, 'seed');
  const isReady = (): CompleteMark | null => {
    const mark = readMark(home, sha256);
    const isWhole = mark && readPopulated(home) && isPopulated(variable, writable, seed);
    return isWhole ? mark : null;
  };
  let mark = isReady();
  let isNew = false;
  if (!mark) {
    const onWait = (): void =>
      log.write('info', 'waiting for another process that unpacks the app');
    const addon = loadAddon();
    mark = await withAppLock(addon, dataDir, onWait, async () => {
      const ready = isReady();
      if (ready) return ready;
      try {
        let found = readMark(home, sha256);
        if (!found) {
          found = await extract(payload, dataDir, home, writable, addon, log);
          isNew = true;
        }
        const list = join(dataDir, 'state/seeded.json');
        populate({ variable, seed, seededList: list }, writable);
        sync(addon, variable);
        writeFileSync(join(home, 'populated'), '', { mode: 0o600 });
        return found;
      } catch (error) {
        throw fileSystemError(error, dataDir);
      }
    });
  }
  const now = Date.now() / 1000;
  // By this time, prune knows which versions were used last.
  utimesSync(join(home, 'complete'), now, now);
  return { version, root: join(home, 'tree'), variable, phpIni: mark.phpIni, isNew };
}

async function extract(
  payload: OpenPayload,
  dataDir: string,
  home: string,
  writable: readonly WritablePath[],
  addon: ExtractAddon,
  log: Log,
): Promise<CompleteMark> {
  const { app, parts } = payload.manifest;
  const started = performance.now();
  const apps = join(dataDir, 'app');
  await removeLeftovers(apps, 0);
  // Library and program are written without the lock; a minute is long enough for them.
  await removeLeftovers(join(dataDir, 'bin'), 60_000);
  await removeTree(home);
  assertSpace(dataDir, parts.app.size, app.files);
  const scratch = mkdtempSync(join(apps, NEW_PREFIX));
  const target = {
    tree: join(scratch, 'tree'),
    seed: join(scratch, 'seed'),
    writable: outermost(writable).map((one) => one.path),
    variable: join(dataDir, 'var'),
    finalTree: join(home, 'tree'),
  };
  mkdirSync(target.tree);
  mkdirSync(target.seed);
  const writer = new TreeWriter(target);
  const umask = process.umask(0o022);
  try {
    const reader = new TarReader(writer);
    await readPart(payload, 'app', parts.app, (chunk) => reader.write(chunk));
    reader.end();
    writer.finish();
    const phpIni = readIfExists(join(target.tree, 'php.ini'));
    const mark = { app: app.sha256, files: writer.files, phpIni };
    const complete = join(scratch, 'complete');
    writeFileSync(complete, JSON.stringify(mark), { flag: 'wx', mode: 0o600 });
    // One call for all files: fsync of each costs a journal commit of its own.
    sync(addon, scratch);
    renameSync(scratch, home);
    syncDirectory(apps);
    const ms = Math.round(performance.now() - started);
    log.write('info', 'unpacked the app', { files: writer.files, ms, path: home });
    return mark;
  } catch (error) {
    writer.close();
    await removeTree(scratch).catch(() => {});
    throw error;
  } finally {
    process.umask(umask);
  }
}

/** null unless the version is complete. Throws when it is not safely ours. */
function readMark(home: string, appSha256: string): CompleteMark | null {
  try {
    assertOwn(home, 'directory');
    assertOwn(join(home, 'tree'), 'directory');
    assertOwn(join(home, 'complete'), 'file');
    const mark = JSON.parse(readFileSync(join(home, 'complete'), 'utf8')) as CompleteMark;
    return mark.app === appSha256 ? mark : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function readPopulated(home: string): boolean {
  return readIfExists(join(home, 'populated'), null) !== null;
}

function readIfExists<T = string>(path: string, otherwise: T | string = ''): T | string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return otherwise;
    throw error;
  }
}

/** Fails early and with numbers; the system's own error comes after minutes of writing. */
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
