import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { ProductError } from '../errors.ts';
import type { NativeAddon } from '../native.ts';
import { assertOwn } from './data-dir.ts';
import { isExecutable } from './binary.ts';

/**
 * A path by which this process can load the addon: its own, or, on a file system mounted
 * noexec, that of a copy without a name. Throws PHPACK_E_NOEXEC when there is no place
 * for one.
 */
export function loadablePath(channel: string, env: NodeJS.ProcessEnv): string {
  if (isExecutable(channel)) return channel;
  const bytes = readFileSync(channel);
  // Nothing is ever looked up by name there (O_TMPFILE), so nobody can prepare or
  // exchange it.
  const places = [
    env['XDG_RUNTIME_DIR'],
    '/dev/shm',
    '/run',
    '/tmp',
    '/var/tmp',
    dirname(process.execPath),
  ];
  for (const place of places) {
    const fd = place ? copyWithoutName(place, bytes) : null;
    if (fd !== null) return `/proc/self/fd/${fd}`;
  }
  const seen = `${channel} is mounted noexec, and no other place can hold a copy`;
  throw new ProductError('PHPACK_E_NOEXEC', seen);
}

/**
 * Not in node:fs' constants; the same number on every architecture Linux has O_DIRECTORY
 * at.
 */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** An open descriptor of an executable copy; null when `place` cannot have one. */
function copyWithoutName(place: string, bytes: Buffer): number | null {
  let fd: number;
  try {
    fd = openSync(place, O_TMPFILE | constants.O_RDWR, 0o500);
  } catch {
    return null;
  }
  try {
    if (!isExecutable(`/proc/self/fd/${fd}`)) throw new Error('noexec as well');
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    return fd;
  } catch {
    closeSync(fd);
    return null;
  }
}

export interface RunnablePhp {
  /** What this process can execute; valid while it lives. */
  executable: string;
  /** What scripts can execute: for PATH and PHP_BINARY. */
  command: string;
  /** argv[0] for the CLI. PHP makes its PHP_BINARY constant of it. */
  argv0: string;
}

/** `php` as installed, or, when that is on a noexec file system, ways around. */
export function runnablePhp(
  php: string,
  dataDir: string,
  product: string,
  addon: () => Pick<NativeAddon, 'memfdFromFile'>,
): RunnablePhp {
  if (isExecutable(php)) return { executable: php, command: php, argv0: 'php' };
  const fd = openSync(php, 'r');
  try {
    const executable = `/proc/self/fd/${addon().memfdFromFile(fd, 'php')}`;
    // A link may lie anywhere; the product behind it acts as `php` by its name. The
    // constant would become the product's own path, by which it is a server: rather none.
    return { executable, command: linkToProduct(dataDir, product), argv0: executable };
  } finally {
    closeSync(fd);
  }
}

function linkToProduct(dataDir: string, product: string): string {
  const hash = createHash('sha256').update(product).digest('hex').slice(0, 16);
  const directory = join(dataDir, 'run', `php-${hash}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  assertOwn(directory, 'directory');
  const link = join(directory, 'php');
  if (readLinkIfExists(link) === product) return link;
  const scratch = join(directory, `.new-${process.pid}`);
  rmSync(scratch, { force: true });
  symlinkSync(product, scratch);
  renameSync(scratch, link);
  return link;
}

function readLinkIfExists(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
