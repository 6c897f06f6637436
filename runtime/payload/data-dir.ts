import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { errnoOf, ProductError } from '../errors.ts';
import { describeWeakness, findWeakness, ownTrust, type Weakness } from './ancestors.ts';
import { assertSafeTarget } from './moved.ts';

export interface DataDirSources {
  /** Of --data-dir. */
  flag?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** The product's name, as configured. */
  name: string;
  uid: number;
}

/** Where the data directory is to be; docs/reference/data-dir.md gives the order. */
export function chooseDataDir(sources: DataDirSources): { path: string; origin: string } {
  const { flag, env, cwd, uid } = sources;
  const name = directoryName(sources.name);
  // Of a variable that is not set: it would be the working directory.
  if (flag === '') throw new ProductError('PHPACK_E_CONFIG', '--data-dir: is empty');
  if (flag !== undefined) return { path: resolve(cwd, flag), origin: '--data-dir' };
  const own = env['PHPACK_DATA_DIR'];
  if (own) return { path: resolve(cwd, own), origin: 'PHPACK_DATA_DIR' };
  // systemd's StateDirectory= may name several: the first is ours.
  const state = env['STATE_DIRECTORY']?.split(':')[0];
  if (state && isAbsolute(state)) return { path: state, origin: 'STATE_DIRECTORY' };
  // Not from XDG_DATA_HOME or HOME for root: sudo may have kept those of another user.
  if (uid === 0) return { path: join('/var/lib', name), origin: 'default of root' };
  const xdg = env['XDG_DATA_HOME'];
  if (xdg && isAbsolute(xdg)) return { path: join(xdg, name), origin: 'XDG_DATA_HOME' };
  const home = env['HOME'] || homeOfUser();
  if (home && isAbsolute(home)) {
    return { path: join(home, '.local/share', name), origin: 'default' };
  }
  const seen = `no data directory: HOME is not set and uid ${uid} has no home directory`;
  throw new ProductError('PHPACK_E_DATA_DIR_UNKNOWN', seen);
}

/** The user's home directory, from HOME or the user database; '' when there is none. */
export function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    // No entry in the user database: usual in containers and chroots.
    return process.env['HOME'] ? homedir() : '';
  }
}

function directoryName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '');
  return safe || 'app';
}

/**
 * Subdirectories, made at every start; docs/reference/data-dir.md says what is in them.
 */
const subdirectories = ['app', 'bin', 'run', 'sessions', 'state', 'tmp', 'var'];

/**
 * Makes the data directory and what is directly in it, or verifies what is there: ours,
 * not writable by others, and reached through no directory or link that others could
 * exchange. Throws PHPACK_E_DATA_DIR_NAME, PHPACK_E_DATA_DIR_UNSAFE,
 * PHPACK_E_DATA_DIR_READ_ONLY, PHPACK_E_DISK_FULL.
 */
export function prepareDataDir(path: string): void {
  assertNameable(path);
  checkAncestors(path);
  makeDirectory(path, true);
  assertOwn(path, 'directory');
  for (const name of subdirectories) {
    const place = join(path, name);
    makeDirectory(place, false);
    // Data may be on a disk of its own.
    if (name === 'var' && lstatSync(place).isSymbolicLink()) assertSafeTarget(place);
    else assertOwn(place, 'directory');
  }
}

/**
 * Colons separate the directories of PATH, semicolons the parts of session.save_path, and
 * php.ini and JSON have lines and characters.
 */
function assertNameable(path: string): void {
  // oxlint-disable-next-line no-control-regex
  const [odd] = /[:;\0-\x1f\x7f]/.exec(path) ?? [];
  const why = odd
    ? `contains ${JSON.stringify(odd)}, which PHP would take for a separator`
    : path.isWellFormed()
      ? ''
      : 'is not UTF-8';
  if (why !== '') throw new ProductError('PHPACK_E_DATA_DIR_NAME', `${path} ${why}`);
}

/** Not mkdir's `recursive`: below /proc, that never ends (Node 24). */
function makeDirectory(path: string, withParents: boolean): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw fileSystemError(error, path);
    if (!withParents) {
      const seen = `${path} cannot be made (${code})`;
      throw new ProductError('PHPACK_E_DATA_DIR_READ_ONLY', seen, { cause: error });
    }
    makeDirectory(dirname(path), dirname(path) !== '/');
    makeDirectory(path, false);
  }
}

/**
 * Throws PHPACK_E_DATA_DIR_UNSAFE unless `path` itself is a directory or regular file (no
 * link) that belongs to this process's user and that nobody else may write.
 */
export function assertOwn(path: string, kind: 'directory' | 'file'): Stats {
  const stats = lstatSync(path);
  if (kind === 'directory' ? !stats.isDirectory() : !stats.isFile()) {
    throw unsafe(path, `is not a ${kind}`);
  }
  const uid = process.geteuid!();
  if (stats.uid !== uid) {
    throw unsafe(path, `belongs to uid ${stats.uid}, this process runs as uid ${uid}`);
  }
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8);
    throw unsafe(path, `is writable by others (mode ${mode})`, `Run: chmod go-w ${path}`);
  }
  return stats;
}

/** Throws unless everything above the data directory is root's or ours, and closed. */
function checkAncestors(path: string): void {
  let weakness: Weakness | null;
  try {
    weakness = findWeakness(dirname(path), ownTrust);
  } catch (error) {
    throw fileSystemError(error, path);
  }
  if (!weakness) return;
  if (weakness.kind === 'file') {
    throw new ProductError(
      'PHPACK_E_DATA_DIR_READ_ONLY',
      `${path} cannot be made: ${weakness.path} is not a directory`,
    );
  }
  throw unsafe(path, `is below ${describeWeakness(weakness)}`);
}

function unsafe(path: string, why: string, remedy?: string): ProductError {
  const options = remedy === undefined ? {} : { remedy };
  return new ProductError('PHPACK_E_DATA_DIR_UNSAFE', `${path} ${why}`, options);
}

/** The coded error for what a system call below the data directory said. */
export function fileSystemError(error: unknown, path: string): unknown {
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const seen = `no space left for ${path} (${code})`;
    return new ProductError('PHPACK_E_DISK_FULL', seen, { cause: error });
  }
  if (code === 'EFBIG') {
    const seen = `${path} cannot be written: file size limit reached (${code})`;
    const remedy = 'Raise the limit of file sizes (ulimit -f).';
    return new ProductError('PHPACK_E_DISK_FULL', seen, { remedy, cause: error });
  }
  if (['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENAMETOOLONG'].includes(code)) {
    const seen = `${path} cannot be made or written (${code})`;
    return new ProductError('PHPACK_E_DATA_DIR_READ_ONLY', seen, { cause: error });
  }
  return error;
}
