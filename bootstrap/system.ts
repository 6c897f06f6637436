import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './stages.ts';

/** A program that must be on PATH (or a file that must exist) and its Debian package. */
export interface Requirement {
  /** Name of a program, or an absolute path. */
  command: string;
  package: string;
}

const systemDirs = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];

function isPresent({ command }: Requirement): boolean {
  if (command.startsWith('/')) return existsSync(command);
  const dirs = (process.env.PATH ?? '')
    .split(delimiter)
    .concat(systemDirs, '/sbin', '/bin');
  return dirs.some((dir) => existsSync(join(dir, command)));
}

/**
 * Installs the Debian packages of what is missing: directly as root, else it says the exact
 * command. Returns false when something is still missing.
 */
export async function ensureTools(
  requirements: readonly Requirement[],
): Promise<boolean> {
  const missing = requirements.filter((requirement) => !isPresent(requirement));
  if (missing.length === 0) return true;
  const packages = [...new Set(missing.map((requirement) => requirement.package))].sort();
  console.log(`missing: ${missing.map((requirement) => requirement.command).join(' ')}`);
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) {
    console.error(`Run as root, then start again:\n  apt-get update && ${install}`);
    return false;
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-qq', 'update'], env);
  await run('apt-get', [...install.split(' ').slice(1), '-qq'], env);
  const left = requirements.filter((requirement) => !isPresent(requirement));
  for (const { command, package: name } of left) {
    console.error(`still missing: ${command} (package ${name})`);
  }
  return left.length === 0;
}
