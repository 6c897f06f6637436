import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program the build runs, and the Debian package that brings it. */
export interface Requirement {
  /** Name of a program, or an absolute path. */
  command: string;
  package: string;
}

const programs = (pkg: string, ...commands: string[]): Requirement[] =>
  commands.map((command) => ({ command, package: pkg }));

/**
 * All that is needed beyond Debian's essential packages and the npm packages (zig is one
 * of those: it links, and brings glibc's headers and the C++ compiler).
 */
export const requirements: readonly Requirement[] = [
  ...programs('gcc', 'gcc'),
  // Some libraries run programs of their own while they are built.
  ...programs('libc6-dev', '/usr/include/stdio.h'),
  ...programs('binutils', 'ar', 'ranlib', 'strip', 'objcopy'),
  ...programs('make', 'make'),
  ...programs('cmake', 'cmake'),
  ...programs('pkgconf', 'pkg-config'),
  ...programs('patch', 'patch'),
  ...programs('perl', 'perl'),
  ...programs('xz-utils', 'xz'),
  ...programs('bzip2', 'bzip2'),
  // Tarballs without a generated configure: PHP (we patch it), libffi, libsodium.
  ...programs('autoconf', 'autoconf'),
  ...programs('automake', 'automake'),
  ...programs('libtool', 'libtoolize'),
  ...programs('m4', 'm4'),
  // PostgreSQL's grammar; libjpeg-turbo's assembly; SQLite's amalgamation.
  ...programs('bison', 'bison'),
  ...programs('flex', 'flex'),
  ...programs('nasm', 'nasm'),
  ...programs('tcl', 'tclsh'),
];

const systemDirs = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

/** Those of the list that are neither in `path` nor where the system keeps its own. */
export function findMissing(
  list: readonly Requirement[],
  path: string = process.env.PATH ?? '',
  exists: (path: string) => boolean = existsSync,
): Requirement[] {
  const dirs = [...path.split(delimiter), ...systemDirs].filter(Boolean);
  return list.filter(({ command }) =>
    command.startsWith('/')
      ? !exists(command)
      : !dirs.some((dir) => exists(join(dir, command))),
  );
}

/** Debian's; elsewhere the names of the programs say what to look for. */
export function installCommand(missing: readonly Requirement[]): string {
  const packages = [...new Set(missing.map((one) => one.package))].sort();
  return `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}
