import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, PackagerError } from '../errors.ts';

const CHUNK_BYTES = 4 << 20;

/**
 * A file that appears under its name complete or not at all: written to a sibling,
 * flushed to disk, renamed. Throws PHPACK_E_OUTPUT and PHPACK_E_DISK_FULL.
 */
export class OutputFile {
  readonly path: string;
  readonly #scratch: string;
  /** -1 when closed: a second close would hit whatever got the number since. */
  #fd: number;
  #size: number;

  /**
   * Starts with a copy of `base`, which costs nothing where the file system can share it.
   */
  constructor(path: string, base: string) {
    this.path = path;
    removeAbandoned(path);
    this.#scratch = join(dirname(path), scratchName(path));
    try {
      const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
      copyFileSync(base, this.#scratch, flags);
      this.#fd = openSync(this.#scratch, 'r+');
      this.#size = fstatSync(this.#fd).size;
    } catch (error) {
      if (errnoOf(error) !== 'ENAMETOOLONG') rmSync(this.#scratch, { force: true });
      throw outputError(path, error);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Where the unfinished file is, to be tried before it gets its name. */
  get scratchPath(): string {
    return this.#scratch;
  }

  append(piece: Buffer): void {
    try {
      for (let done = 0; done < piece.length; ) {
        const rest = piece.length - done;
        done += writeSync(this.#fd, piece, done, rest, this.#size + done);
      }
    } catch (error) {
      throw outputError(this.path, error);
    }
    this.#size += piece.length;
  }

  appendFile(file: string): void {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (;;) {
        const read = readSync(fd, buffer);
        if (read === 0) return;
        this.append(buffer.subarray(0, read));
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Closed for writing and executable, but not yet under its name. */
  seal(): void {
    try {
      fchmodSync(this.#fd, 0o755);
      fsyncSync(this.#fd);
      this.#close();
    } catch (error) {
      throw outputError(this.path, error);
    }
  }

  publish(): void {
    try {
      renameSync(this.#scratch, this.path);
      const directory = openSync(dirname(this.path), constants.O_DIRECTORY);
      fsyncSync(directory);
      closeSync(directory);
    } catch (error) {
      throw outputError(this.path, error);
    }
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd >= 0) closeSync(fd);
  }

  /** Removes what is unfinished; harmless after `publish`. */
  discard(): void {
    this.#close();
    rmSync(this.#scratch, { force: true });
  }
}

/**
 * Absolute path of the output. Throws PHPACK_E_OUTPUT before any work is done for
 * nothing.
 */
export function checkOutput(given: string, cwd: string): string {
  const path = resolve(cwd, given);
  const directory = dirname(path);
  const fail = (why: string, cause?: unknown): never => {
    throw new PackagerError('PHPACK_E_OUTPUT', `${path}: ${why}`, { cause });
  };
  let stats: Stats | undefined;
  try {
    if (!lstatSync(realpathSync(directory)).isDirectory()) {
      fail(`${directory} is not a directory`);
    }
    stats = lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof PackagerError) throw error;
    const why = errnoOf(error);
    fail(why === 'ENOENT' ? `the directory ${directory} does not exist` : why, error);
  }
  if (stats?.isDirectory()) fail('is a directory');
  // A rename would replace the device or the link itself, which nobody means.
  if (stats && !stats.isFile()) fail('exists and is not a regular file');
  return path;
}

/** A build on another machine may be at work in the same directory. */
const hostId = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

function scratchName(path: string): string {
  return `${scratchPrefix(path)}${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Of an output whose name leaves no room for more, with a part of it. */
function scratchPrefix(path: string): string {
  const name = basename(path);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const short = Buffer.byteLength(name) > 200 ? `${name.slice(0, 40)}-${hash}` : name;
  return `.${short}.phpack-${hostId}-`;
}

/** What killed builds of the same file left behind: their process is gone. */
function removeAbandoned(path: string): void {
  const prefix = scratchPrefix(path);
  for (const name of listNames(dirname(path))) {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    const [, pid] = /^(\d+)-[0-9a-f]{8}$/.exec(rest) ?? [];
    if (pid && !isAlive(Number(pid))) rmSync(join(dirname(path), name), { force: true });
  }
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // One may write into a directory that one cannot list.
    return [];
  }
}

/** Whether there is a process of that number, whoever's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function outputError(path: string, cause: unknown): PackagerError {
  const code = errnoOf(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    const why = code === 'EFBIG' ? 'file size limit' : 'no space left';
    const seen = `${path} cannot be written: ${why}`;
    return new PackagerError('PHPACK_E_DISK_FULL', seen, { cause });
  }
  const seen = `${path} cannot be written: ${code || String(cause)}`;
  return new PackagerError('PHPACK_E_OUTPUT', seen, { cause });
}
