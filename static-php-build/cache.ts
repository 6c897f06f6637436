import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * `$XDG_CACHE_HOME/phpack`, else `~/.cache/phpack`: all that is made once on a machine. An
 * empty or relative value counts as none, as the XDG Base Directory Specification demands.
 */
export function cacheRoot(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const xdg = env['XDG_CACHE_HOME'] ?? '';
  const dir = join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'phpack');
  // Node's recursive mkdir never returns there.
  if (/^\/(proc|sys)\//.test(dir)) throw new Error(`nothing can be stored in ${dir}`);
  return dir;
}
