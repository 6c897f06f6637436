import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod/mini';
import { home } from '../base/home.ts';
import { locateNode } from '../base/node.ts';
import { cacheRoot } from '../cache.ts';
import { errnoOf } from '../errors.ts';
import { parseJson } from '../project/json.ts';
import { defaultTarget, findTarget } from '../targets.ts';
import { formatBytes } from '../ui/format.ts';

const run = promisify(execFile);

export interface Finding {
  isFault: boolean;
  /** What was seen. */
  seen: string;
  /** A shell command that mends it, or null when none does or nothing is wrong. */
  fix: string | null;
}

export interface Check {
  title: string;
  find: () => Finding | Promise<Finding>;
}

/** Sources, libraries, PHP and one product; measured 4.5 GB at the widest. */
const DISK_BYTES = 6e9;
/** One compiler of PHP's largest file, twice, beside this. */
const MEMORY_BYTES = 2.5e9;

const ok = (seen: string): Finding => ({ isFault: false, seen, fix: null });
const fault = (seen: string, fix: string | null = null): Finding => {
  return { isFault: true, seen, fix };
};

/** In the order in which they would stop a build. */
export function machineChecks(): Check[] {
  return [
    { title: 'platform', find: findPlatform },
    { title: 'Node 24 from npm', find: findNode },
    { title: 'programs', find: findPrograms },
    { title: 'cache directory', find: findCache },
    { title: 'disk', find: findDisk },
    { title: 'memory', find: findMemory },
    { title: 'programs from memory', find: findMemfd },
  ];
}

function findPlatform(): Finding {
  const seen = `${process.platform} on ${process.arch}`;
  if (process.platform === 'linux' && process.arch === 'x64') return ok(seen);
  return fault(`${seen}; building needs Linux on x86-64`);
}

async function findNode(): Promise<Finding> {
  const { node } = findTarget(defaultTarget);
  const fix = `npm ci --prefix ${home}`;
  try {
    return ok((await run(await locateNode(node), ['--version'])).stdout.trim());
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error), fix);
  }
}

const requirementList = z.array(
  z.looseObject({ command: z.string(), package: z.string() }),
);

async function findPrograms(): Promise<Finding> {
  const all = [{ command: 'strip', package: 'binutils' }, ...(await phpRequirements())];
  const missing = all.filter(({ command }) => !isPresent(command));
  if (missing.length === 0) return ok(`all ${all.length} are there`);
  const packages = [...new Set(missing.map((one) => one.package))].sort();
  const list = missing.map((one) => one.command).join(', ');
  // Debian's; elsewhere the names of the programs say what to look for.
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  return fault(`missing: ${list}`, `apt-get update && ${install}`);
}

/**
 * The table of static-php-build, asked for in a process: it is nothing to import from
 * here.
 */
async function phpRequirements(): Promise<z.infer<typeof requirementList>> {
  const file = join(home, 'static-php-build/requirements.ts');
  if (!existsSync(file)) return [];
  const script = `const { requirements } = await import(${JSON.stringify(file)});
    console.log(JSON.stringify(requirements));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return parseJson(stdout, requirementList, file, 'PHPACK_E_PARTS');
}

const systemDirs = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

function isPresent(command: string): boolean {
  if (command.startsWith('/')) return existsSync(command);
  const dirs = (process.env['PATH'] ?? '').split(delimiter).concat(systemDirs);
  return dirs.some((dir) => existsSync(join(dir, command)));
}

function findCache(): Finding {
  const dir = cacheRoot();
  try {
    accessSync(nearestExisting(dir), constants.W_OK);
    return ok(dir);
  } catch (error) {
    return fault(`${dir} is not writable (${errnoOf(error)}); set XDG_CACHE_HOME`);
  }
}

/** It, or the directory in which it would be made. */
function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function findDisk(): Finding {
  const dir = nearestExisting(cacheRoot());
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  const isBuilt = existsSync(join(cacheRoot(), 'base'));
  const seen = `${formatBytes(free)} free in ${dir}`;
  if (free >= DISK_BYTES || isBuilt) return ok(seen);
  return fault(`${seen}; the first build needs ${formatBytes(DISK_BYTES)}`);
}

function findMemory(): Finding {
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const seen = formatBytes(bytes);
  if (bytes >= MEMORY_BYTES) return ok(seen);
  return fault(`${seen}; the compiler needs ${formatBytes(MEMORY_BYTES)}`);
}

/** Products use it where the data directory is mounted noexec. */
function findMemfd(): Finding {
  const file = '/proc/sys/vm/memfd_noexec';
  const level = existsSync(file) ? readFileSync(file, 'utf8').trim() : '0';
  if (level !== '2') return ok('allowed');
  const seen =
    'forbidden by vm.memfd_noexec=2: products cannot start from noexec disks here';
  return { isFault: false, seen, fix: 'sysctl vm.memfd_noexec=0' };
}
