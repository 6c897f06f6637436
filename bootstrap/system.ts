import {
  findMissing,
  installCommand,
  type Requirement,
} from '../static-php-build/requirements.ts';
import { run } from './stages.ts';

/**
 * Installs the Debian packages of what is missing: directly as root, else it says the exact
 * command. Returns false when something is still missing.
 */
export async function ensureTools(
  requirements: readonly Requirement[],
): Promise<boolean> {
  const missing = findMissing(requirements);
  if (missing.length === 0) return true;
  console.log(`missing: ${missing.map((requirement) => requirement.command).join(' ')}`);
  const install = installCommand(missing);
  if (process.getuid?.() !== 0) {
    console.error(`Run as root, then start again:\n  apt-get update && ${install}`);
    return false;
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-qq', 'update'], env);
  await run('apt-get', [...install.split(' ').slice(1), '-qq'], env);
  const left = findMissing(requirements);
  for (const { command, package: name } of left) {
    console.error(`still missing: ${command} (package ${name})`);
  }
  return left.length === 0;
}
