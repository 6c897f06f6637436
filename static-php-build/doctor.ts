/**
 * Can this machine build libphp? `doctor.ts --json` prints the checks as one line of JSON:
 * [{"name", "isOk", "seen", "fix"}]; without it they are printed for people. The exit
 * status is 1 when something is missing.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { machineMirrors } from './debian.ts';
import { requirements } from './requirements.ts';
import { locateZig } from './toolchain.ts';

export interface Check {
  name: string;
  isOk: boolean;
  /** What was found. */
  seen: string;
  /** The exact command or act that mends it; empty when all is well. */
  fix: string;
}

/** The surroundings that checks look at; a parameter for tests. */
export interface Machine {
  path: string;
  exists(path: string): boolean;
  platform: string;
  arch: string;
  kernel: string;
  /** Bytes that an ordinary user may still write where the cache is. */
  freeBytes: number;
  cache: string;
  memoryBytes: number;
  hasDebian: boolean;
  zig(): string;
}

const systemDirs = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

/** Sources, trees and archives of a whole build, measured: 6 GB at its peak. */
const neededDisk = 8e9;
/** Two compilers at a time; ICU's and PHP's largest files take 0.7 GB each. */
const neededMemory = 2e9;
const oldestKernel = [4, 18] as const;

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function checkTools(machine: Machine): Check {
  const dirs = [...machine.path.split(delimiter), ...systemDirs].filter(Boolean);
  const has = (command: string): boolean =>
    command.startsWith('/')
      ? machine.exists(command)
      : dirs.some((dir) => machine.exists(join(dir, command)));
  const missing = requirements.filter((r) => !has(r.command));
  const packages = [...new Set(missing.map((r) => r.package))];
  const isOk = missing.length === 0;
  return {
    name: 'build tools',
    isOk,
    seen: isOk ? 'all found' : `missing: ${missing.map((r) => r.command).join(' ')}`,
    fix: isOk ? '' : `apt-get install -y --no-install-recommends ${packages.join(' ')}`,
  };
}

function checkZig(machine: Machine): Check {
  try {
    return { name: 'zig', isOk: true, seen: machine.zig(), fix: '' };
  } catch {
    return { name: 'zig', isOk: false, seen: 'npm package not installed', fix: 'npm ci' };
  }
}

function checkKernel(machine: Machine): Check {
  const [major = 0, minor = 0] = machine.kernel
    .split('.')
    .map((n) => Number.parseInt(n, 10));
  const [wantMajor, wantMinor] = oldestKernel;
  const isNew = major > wantMajor || (major === wantMajor && minor >= wantMinor);
  const isOk = machine.platform === 'linux' && machine.arch === 'x64' && isNew;
  const fix = `build on Linux ${wantMajor}.${wantMinor} or later, x86-64`;
  const seen = `${machine.platform} ${machine.kernel} ${machine.arch}`;
  return { name: 'kernel', isOk, seen, fix: isOk ? '' : fix };
}

function checkDisk(machine: Machine): Check {
  const isOk = machine.freeBytes >= neededDisk;
  const fix = `free ${gigabytes(neededDisk)} there, or set XDG_CACHE_HOME to a larger disk`;
  const seen = `${gigabytes(machine.freeBytes)} free at ${machine.cache}`;
  return { name: 'disk space', isOk, seen, fix: isOk ? '' : fix };
}

function checkMemory(machine: Machine): Check {
  const isOk = machine.memoryBytes >= neededMemory;
  const seen = `${gigabytes(machine.memoryBytes)} available`;
  const fix = `give the machine ${gigabytes(neededMemory)} of memory or swap`;
  return { name: 'memory', isOk, seen, fix: isOk ? '' : fix };
}

function checkSources(machine: Machine): Check {
  const seen = machine.hasDebian
    ? "Debian's archive, by apt"
    : "the projects' sites only";
  return { name: 'origin of sources', isOk: true, seen, fix: '' };
}

/** All checks, in the order a reader should mend them. */
export function checkMachine(machine: Machine): Check[] {
  return [
    checkKernel(machine),
    checkTools(machine),
    checkZig(machine),
    checkDisk(machine),
    checkMemory(machine),
    checkSources(machine),
  ];
}

function availableMemory(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return (kilobytes('MemAvailable') + kilobytes('SwapFree')) * 1024;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'phpack');
  let existing = cache;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return {
    path: process.env.PATH ?? '',
    exists: existsSync,
    platform: process.platform,
    arch: process.arch,
    kernel: release(),
    freeBytes: bavail * bsize,
    cache,
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
    for (const { name, isOk, seen, fix } of checks) {
      console.log(
        `${isOk ? 'ok     ' : 'MISSING'} ${name}: ${seen}${fix && `\n        ${fix}`}`,
      );
    }
  }
  process.exitCode = checks.every((check) => check.isOk) ? 0 : 1;
}

if (import.meta.main) main(process.argv.slice(2));
