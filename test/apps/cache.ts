import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheRoot } from '../../static-php-build/cache.ts';
import { run } from './run.ts';

/** First 16 hex digits of the SHA-256 of the inputs' JSON: names a cache entry. */
export function inputHash(inputs: unknown): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
}

/** SHA-256 of a file's bytes, as hex. */
export async function fileHash(file: string): Promise<string> {
  const handle = await fs.open(file);
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Hash of all files below `dir`, names included; a change of one invalidates. */
export async function treeHash(dir: string): Promise<string> {
  const entries = await fs.readdir(dir, { recursive: true, withFileTypes: true });
  const hashes: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    hashes.push(`${path.relative(dir, file)} ${await fileHash(file)}`);
  }
  return inputHash(hashes.sort());
}

/**
 * Directory `<cache>/<kind>/<name>-<hash of inputs>`, made by `build` when it is not there yet.
 * `build` fills an empty temporary sibling that is renamed when it returns, under a lock: what
 * has the final name is complete, whoever was killed in between.
 */
export async function cachedDirectory(
  kind: string,
  name: string,
  inputs: unknown,
  build: (dir: string) => Promise<void>,
): Promise<string> {
  const parent = path.join(cacheRoot(), kind);
  const final = path.join(parent, `${name}-${inputHash(inputs)}`);
  if (await isDirectory(final)) return final;
  await fs.mkdir(parent, { recursive: true });
  const release = await lock(`${final}.lock`);
  try {
    if (await isDirectory(final)) return final;
    const temporary = `${final}.tmp`;
    await removeTree(temporary);
    await fs.mkdir(temporary);
    await build(temporary);
    await fs.rename(temporary, final);
    return final;
  } finally {
    await release();
  }
}

/** Removes a tree even where a read-only directory is in it. */
export async function removeTree(dir: string): Promise<void> {
  if (!(await isDirectory(dir))) return;
  await run('chmod', ['-R', 'u+w', dir]);
  await fs.rm(dir, { recursive: true, force: true });
}

async function isDirectory(dir: string): Promise<boolean> {
  const stat = await fs.lstat(dir).catch(() => undefined);
  return stat?.isDirectory() ?? false;
}

/** A pid file; one left behind by a killed process is taken over. */
async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await fs.writeFile(file, String(process.pid), { flag: 'wx' });
      return () => fs.rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await fs.readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await fs.rm(file, { force: true });
    else await sleep(500);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
