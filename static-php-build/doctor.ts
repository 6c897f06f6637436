/**
 * Can this machine build libphp? The only place that knows what that needs; `phpack doctor`
 * asks here as well. `doctor.ts --json` prints the checks as one line of JSON:
 * [{"name", "isOk", "seen", "command", "advice"}]; without it they are printed for people.
 * The exit status is 1 when something is missing.
 */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheRoot } from './cache.ts';
import { machineMirrors } from './debian.ts';
import { findMissing, installCommand, requirements } from './requirements.ts';
import { locateZig } from './toolchain.ts';

export interface Check {
  name: string;
  isOk: boolean;
  /** What was found. */
  seen: string;
  /** A shell command that solves it, '' when none does or all is well. */
  command: string;
  /** What to do where no command helps, else ''. */
  advice: string;
}

/** The surroundings that checks look at; a parameter for tests. */
export interface Machine {
  path: string;
  exists: (path: string) => boolean;
  platform: string;
  arch: string;
  kernel: string;
  /** Where all that is built is kept. Throws where nothing can be. */
  cache(): string;
  isWritable(directory: string): boolean;
  /** Bytes that an ordinary user may still write there. */
  freeBytes(directory: string): number;
  /** Whether PHP has been built before: what comes then needs little. */
  hasPhp(cache: string): boolean;
  memoryBytes: number;
  hasDebian: boolean;
  zig(): string;
}

/** Measured: 1.8 GB for PHP at the peak, 0.5 GB for the base and a product. */
const neededDisk = 4e9;
/** Two compilers at a time; ICU's and PHP's largest files take 0.7 GB each. */
const neededMemory = 2e9;
const oldestKernel = [4, 18] as const;

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

const good = (name: string, seen: string): Check => {
  return { name, isOk: true, seen, command: '', advice: '' };
};

const bad = (
  name: string,
  seen: string,
  remedy: { command: string } | { advice: string },
): Check => ({ name, isOk: false, seen, command: '', advice: '', ...remedy });

function checkSystem(machine: Machine): Check {
  const [major = 0, minor = 0] = machine.kernel
    .split('.')
    .map((n) => Number.parseInt(n, 10));
  const [wantMajor, wantMinor] = oldestKernel;
  const isNew = major > wantMajor || (major === wantMajor && minor >= wantMinor);
  const seen = `${machine.platform} ${machine.kernel} on ${machine.arch}`;
  if (machine.platform === 'linux' && machine.arch === 'x64' && isNew) {
    return good('system', seen);
  }
  const advice = `building needs Linux ${wantMajor}.${wantMinor} or later on x86-64`;
  return bad('system', seen, { advice });
}

function checkPrograms(machine: Machine): Check {
  const missing = findMissing(requirements, machine.path, machine.exists);
  if (missing.length === 0) return good('programs', `all ${requirements.length} found`);
  const seen = `missing: ${missing.map((r) => r.command).join(', ')}`;
  const command = `apt-get update && ${installCommand(missing)}`;
  return bad('programs', seen, { command });
}

function checkZig(machine: Machine): Check {
  try {
    return good('zig', machine.zig());
  } catch {
    const command = `npm ci --prefix ${dirname(import.meta.dirname)}`;
    return bad('zig', 'the npm package is not installed', { command });
  }
}

function checkCache(machine: Machine): Check {
  const advice = 'name another directory with XDG_CACHE_HOME';
  let cache: string;
  try {
    cache = machine.cache();
  } catch (error) {
    return bad('cache', (error as Error).message, { advice });
  }
  if (!machine.isWritable(cache)) {
    return bad('cache', `${cache} is not writable`, { advice });
  }
  const free = machine.freeBytes(cache);
  const seen = `${gigabytes(free)} free in ${cache}`;
  if (free >= neededDisk || machine.hasPhp(cache)) return good('cache', seen);
  const needs = `the first build needs ${gigabytes(neededDisk)}`;
  return bad('cache', seen, { advice: `${needs}; free some space, or ${advice}` });
}

function checkMemory(machine: Machine): Check {
  const seen = `${gigabytes(machine.memoryBytes)} available`;
  if (machine.memoryBytes >= neededMemory) return good('memory', seen);
  const advice = `the compilers need ${gigabytes(neededMemory)} of memory or swap`;
  return bad('memory', seen, { advice });
}

function checkSources(machine: Machine): Check {
  const seen = machine.hasDebian
    ? "Debian's archive, by apt"
    : "the projects' sites only";
  return good('origin of sources', seen);
}

/** All checks, in the order in which they would stop a build. */
export function checkMachine(machine: Machine): Check[] {
  return [
    checkSystem(machine),
    checkPrograms(machine),
    checkZig(machine),
    checkCache(machine),
    checkMemory(machine),
    checkSources(machine),
  ];
}

/** With swap, and no more than a container may use. */
function availableMemory(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const available = (kilobytes('MemAvailable') + kilobytes('SwapFree')) * 1024;
  return Math.min(available, process.constrainedMemory() || Infinity);
}

/** It, or the directory in which it would be made. */
function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function isWritable(directory: string): boolean {
  try {
    accessSync(nearestExisting(directory), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(directory));
  return bavail * bsize;
}

function hasPhp(cache: string): boolean {
  const dir = join(cache, 'php');
  return existsSync(dir) && readdirSync(dir).length > 0;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  return {
    path: process.env.PATH ?? '',
    exists: existsSync,
    platform: process.platform,
    arch: process.arch,
    kernel: release(),
    cache: cacheRoot,
    isWritable,
    freeBytes,
    hasPhp,
    memoryBytes: availableMemory(),
    hasDebian: machineMirrors().main.length > 0,
    zig: () => locateZig().zig,
  };
}

function main(args: readonly string[]): void {
  const checks = checkMachine(thisMachine());
  if (args.includes('--json')) {
    console.log(JSON.stringify(checks));
  } else {
    for (const { name, isOk, seen, command, advice } of checks) {
      console.log(`${isOk ? 'ok     ' : 'MISSING'} ${name}: ${seen}`);
      if (command || advice) console.log(`        ${command || advice}`);
    }
  }
  process.exitCode = checks.every((check) => check.isOk) ? 0 : 1;
}

if (import.meta.main) main(process.argv.slice(2));
