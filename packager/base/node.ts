import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PackagerError } from '../errors.ts';

const require = createRequire(import.meta.url);

export interface BaseNode {
  /** The unchanged executable from npm. */
  executable: string;
  version: string;
}

/**
 * The pinned Node 24 of a target: what the product is based on, and on this machine also
 * what runs our tools. Throws PHPACK_E_TOOL when npm has not installed it.
 */
export function locateNode(packageName: string): BaseNode {
  try {
    const manifest = require.resolve(`${packageName}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    const executable = join(dirname(manifest), 'bin/node');
    if (existsSync(executable)) return { executable, version };
  } catch (error) {
    throw missing(packageName, error);
  }
  throw missing(packageName);
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
