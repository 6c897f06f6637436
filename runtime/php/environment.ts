import { dirname } from 'node:path';
import { fillIn, type Places } from './places.ts';

export interface EnvironmentSources extends Places {
  /** Of the caller: systemd, a shell, a container. */
  caller: Readonly<Record<string, string | undefined>>;
  /** `php.env` of the configuration. */
  configured: Readonly<Record<string, string>>;
  /** Names set by --env: stronger than the caller's. */
  forced: ReadonlySet<string>;
  iniFile: string;
  /** The `php` that scripts start: see docs/reference/quirks.md. */
  phpCommand: string;
  home: string;
  /** Instead of libpq's own default, when that is not safe. */
  postgresDirectory: string | null;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment of PHP, the same for serve and php-cli. The caller's goes through, as
 * apps are configured by it, and wins over what the vendor configured. Child processes
 * find the same `php` first, with the same php.ini.
 */
export function phpEnvironment(sources: EnvironmentSources): Record<string, string> {
  const { caller, dataDir, iniFile, phpCommand, home, forced } = sources;
  const { postgresDirectory } = sources;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(caller)) {
    if (value !== undefined) env[name] = value;
  }
  for (const [name, value] of Object.entries(sources.configured)) {
    if (name in env && !forced.has(name)) continue;
    env[name] = fillIn(value, sources);
  }
  if (home) env['HOME'] ??= home;
  if (postgresDirectory !== null) env['PGHOST'] ??= postgresDirectory;
  const directory = dirname(phpCommand);
  const path = env['PATH'] || DEFAULT_PATH;
  env['PATH'] = path.split(':')[0] === directory ? path : `${directory}:${path}`;
  env['PHP_BINARY'] = phpCommand;
  env['PHPRC'] = iniFile;
  // Nothing of a PHP installed on the machine may be mixed in.
  env['PHP_INI_SCAN_DIR'] = '';
  env['PHPACK_DATA_DIR'] = dataDir;
  return env;
}
