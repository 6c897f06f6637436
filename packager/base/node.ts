import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PackagerError } from '../errors.ts';
import type { NodePin } from '../targets.ts';

const require = createRequire(import.meta.url);

/**
 * Path of the pinned Node 24 of a target: what the product is based on, and on this machine
 * also what runs our tools. Throws PHPACK_E_TOOL when npm has not installed it, and
 * PHPACK_E_NOT_PINNED when it is another file.
 */
export async function locateNode(pin: NodePin): Promise<string> {
  const executable = join(packageDirectory(pin.package), 'bin/node');
  if (!existsSync(executable)) throw missing(pin.package);
  await assertPinned(executable, pin);
  return executable;
}

/** npm compares what it downloads, nobody what lies in node_modules since then. */
export async function assertPinned(executable: string, pin: NodePin): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(executable, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest('hex');
  if (found === pin.sha256) return;
  const seen = `${executable} is not Node ${pin.version} as it is pinned: its SHA-256 is ${found}`;
  const remedy =
    'Run `npm ci` in the directory of phpack. If that changes nothing, do not build with it.';
  throw new PackagerError('PHPACK_E_NOT_PINNED', `${seen}, not ${pin.sha256}`, {
    remedy,
  });
}

function packageDirectory(name: string): string {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch (error) {
    throw missing(name, error);
  }
}

function missing(packageName: string, cause?: unknown): PackagerError {
  const seen = `the npm package ${packageName}, Node for the product, is not installed`;
  const remedy = 'Run `npm ci` in the directory of phpack.';
  return new PackagerError('PHPACK_E_TOOL', seen, { remedy, cause });
}

/** Hash of the versions of npm packages whose code ends up in a part. */
export function packageVersions(names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names) {
    const text = readFileSync(require.resolve(`${name}/package.json`), 'utf8');
    hash.update(`${name} ${(JSON.parse(text) as { version: string }).version}\n`);
  }
  return hash.digest('hex');
}
