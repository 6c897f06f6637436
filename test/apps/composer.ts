import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { type RunResult, runAny } from './run.ts';

/**
 * Runs Composer in a project directory as a release build would: no dev packages, optimized
 * autoloader. Extensions are those of our PHP, not of the machine's, and scripts of the
 * project would run under the machine's PHP, so neither is used.
 */
export async function installVendor(
  dir: string,
  repositories: readonly object[] = [],
): Promise<void> {
  const result = await composer(dir, [], repositories);
  if (result.status !== 0) {
    throw new Error(`composer in ${dir} failed:\n${result.stdout}\n${result.stderr}`);
  }
}

/** Composer's update with further repositories for this one run; its own words on failure. */
export async function composer(
  dir: string,
  args: readonly string[],
  repositories: readonly object[] = [],
): Promise<RunResult> {
  const file = path.join(dir, 'composer.json');
  const original = await fs.readFile(file, 'utf8');
  const project = JSON.parse(original) as { repositories?: object[] };
  project.repositories = [...repositories, ...(project.repositories ?? [])];
  await fs.writeFile(file, JSON.stringify(project, null, 2));
  const result = await runAny(
    'composer',
    [
      'update',
      '--no-interaction',
      '--no-progress',
      '--no-dev',
      '--no-scripts',
      '--prefer-dist',
      '--optimize-autoloader',
      '--ignore-platform-req=ext-*',
      ...args,
    ],
    { cwd: dir, env: { ...process.env, COMPOSER_ALLOW_SUPERUSER: '1' } },
  );
  await fs.writeFile(file, original);
  await fs.rm(path.join(dir, 'composer.lock'), { force: true });
  return result;
}
