import { join } from 'node:path';
import { isDirectiveName, isOneLine } from '../../contract/php-ini.ts';
import { ProductError } from '../errors.ts';
import { fillIn, type Places } from './places.ts';

/**
 * Whether the code may change under a running server: `never`, by the app itself in what
 * it may write, or by a developer, who wants to see it at once.
 */
export type CodeChanges = 'never' | 'written' | 'edited';

export interface IniSources extends Places {
  /** Text of the app's own php.ini, '' for none. */
  appIni: string;
  /** `php.ini` of the configuration, flags included. */
  directives: Readonly<Record<string, string>>;
  maxBodyBytes: number;
  /** Of a MySQL server on this machine. */
  mysqlSocket: string;
  /** PHP files and others of the app: sizes OPcache. */
  files: number;
  code: CodeChanges;
}

export interface IniDirective {
  name: string;
  value: string;
  /** Why phpack's default is what it is. */
  reason: string;
}

/**
 * Defaults before everything the app says: php.ini-production, and what a packaged app
 * needs. docs/reference/quirks.md tells users what differs from a distribution's php.ini.
 */
export function iniDefaults(sources: IniSources): IniDirective[] {
  const { dataDir, maxBodyBytes, mysqlSocket, files, code } = sources;
  const isChecked = code !== 'never';
  return [
    directive('display_errors', '0', 'visitors must not see paths; errors go to the log'),
    directive('display_startup_errors', '0', 'as above'),
    directive('log_errors', '1', 'the log is the only place to see them'),
    directive('error_reporting', 'E_ALL & ~E_DEPRECATED', 'as php.ini-production'),
    directive('html_errors', '0', 'the log is plain text'),
    directive('expose_php', '0', 'the version helps attackers only'),
    directive('memory_limit', '256M', '128M is too small for Drupal and others'),
    directive('zend.assertions', '-1', 'as php.ini-production'),
    directive('zend.exception_ignore_args', '1', 'arguments may be passwords'),
    directive('short_open_tag', '0', 'as php.ini-production'),
    directive('output_buffering', '4096', 'as php.ini-production'),
    directive('variables_order', 'EGPCS', '$_ENV is filled, at no cost unless used'),
    directive('request_order', 'GP', 'cookies must not replace parameters'),
    directive('register_argc_argv', '0', 'a query is not a command line'),
    directive('include_path', '.', "no library of the machine is the app's"),
    directive('date.timezone', 'UTC', "not the machine's, which is the customer's"),
    directive('post_max_size', String(maxBodyBytes), "http.maxBodyBytes; 0: PHP's limit"),
    directive('upload_max_filesize', uploadLimit(maxBodyBytes), 'as post_max_size'),
    directive(
      'upload_tmp_dir',
      join(dataDir, 'tmp'),
      'never /tmp: others may read names',
    ),
    directive('sys_temp_dir', join(dataDir, 'tmp'), 'as above'),
    directive('soap.wsdl_cache_dir', join(dataDir, 'tmp'), 'as above'),
    directive('opcache.lockfile_path', join(dataDir, 'tmp'), 'as above'),
    directive('session.save_path', join(dataDir, 'sessions'), 'private to the user'),
    directive('mysqli.default_socket', mysqlSocket, '"localhost" on this machine'),
    directive('pdo_mysql.default_socket', mysqlSocket, 'as above'),
    directive('session.gc_probability', '1', 'nobody else removes old sessions'),
    directive('session.gc_divisor', '1000', 'as php.ini-production'),
    directive('realpath_cache_size', '4096K', 'large apps have thousands of paths'),
    directive('realpath_cache_ttl', realpathSeconds[code], 'code does not move'),
    directive('opcache.enable', '1', ''),
    directive(
      'opcache.memory_consumption',
      opcacheMegabytes(files),
      'by files of the app',
    ),
    directive('opcache.interned_strings_buffer', '32', 'frameworks fill the default 8'),
    directive('opcache.max_accelerated_files', String(opcacheFiles(files)), 'as above'),
    directive(
      'opcache.validate_timestamps',
      isChecked ? '1' : '0',
      isChecked ? 'PHP files may be written while the server runs' : 'code is read-only',
    ),
    directive('opcache.revalidate_freq', code === 'written' ? '2' : '0', ''),
    directive('opcache.jit', 'disable', 'opt-in'),
  ];
}

/**
 * Of a developer, links that lead elsewhere now are soon seen. Without the cache they were at
 * once, but a page of Laravel took 17 ms instead of 10; 0 seconds would be for ever.
 */
const realpathSeconds = { never: '600', written: '120', edited: '2' } as const;

function directive(name: string, value: string, reason: string): IniDirective {
  return { name, value, reason };
}

function uploadLimit(maxBodyBytes: number): string {
  // PHP has no "unlimited" for a single file.
  return String(maxBodyBytes || Number.MAX_SAFE_INTEGER);
}

/**
 * Address space, not memory: pages count when they are used. Drupal uses about 100 MB.
 */
function opcacheMegabytes(files: number): string {
  return String(Math.min(512, Math.max(128, Math.ceil(files / 64))));
}

function opcacheFiles(files: number): number {
  return Math.min(1_000_000, Math.max(4000, Math.ceil(files * 1.2)));
}

/**
 * The whole php.ini: defaults, the app's own file, the configuration. The last one wins.
 */
export function composeIni(sources: IniSources): string {
  const defaults = iniDefaults(sources).map(({ name, value, reason }) => {
    const line = formatDirective(name, value);
    return reason ? `; ${reason}\n${line}` : line;
  });
  const directives = Object.entries(sources.directives).map(([name, value]) =>
    formatDirective(name, fillIn(value, sources), namesVariables(value)),
  );
  const appIni = fillIn(sources.appIni.trimEnd(), sources);
  return [
    '; Written by phpack at every start; changes are lost.',
    '[PHP]',
    ...defaults,
    ...(appIni ? ["; The app's own php.ini", appIni] : []),
    // The app's file may end in a section that would take what follows for its own.
    '[PHP]',
    '; phpack.json and flags',
    ...directives,
    `; ${COMPLETE} says that PHP has read all of it`,
    formatDirective(COMPLETE, '1'),
    '',
  ].join('\n');
}

/**
 * PHP goes on without a php.ini that it cannot open, or with its first half when it does not
 * understand a line. native/php-sapi/zygote.c looks for this one.
 */
const COMPLETE = 'phpack.complete';

/**
 * `name = value`, in the spelling that PHP reads as this value, with the values of `${NAME}`
 * where that `isExpanded`. Throws PHPACK_E_INI.
 */
export function formatDirective(name: string, value: string, isExpanded = false): string {
  if (!isDirectiveName(name)) {
    throw new ProductError(
      'PHPACK_E_INI',
      `${JSON.stringify(name)} is not the name of a directive`,
    );
  }
  if (!isOneLine(value)) {
    throw new ProductError(
      'PHPACK_E_INI',
      `the value of ${name} has a line break or NUL`,
    );
  }
  return `${name} = ${quote(name, value, isExpanded)}`;
}

function quote(name: string, value: string, isExpanded: boolean): string {
  // Numbers, switches, and expressions of constants, which quotes would turn into texts.
  if (/^-?[\w.]*$/.test(value) || /^[A-Z0-9_ |&^~()-]+$/.test(value)) return value;
  // Single quotes: nothing in them has a meaning.
  if (!isExpanded && !value.includes("'")) return `'${value}'`;
  if (!isExpanded && value.includes('${')) {
    const seen = `the value of ${name} contains both ' and \${, which php.ini cannot express`;
    throw new ProductError('PHPACK_E_INI', seen);
  }
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

/** Only such as PHP understands: `${NAME}` and `${NAME:-default}`. */
function namesVariables(value: string): boolean {
  const rest = value.replace(/\$\{[A-Za-z_][\w.-]*(?::-[^{}"'\\$]*)?\}/g, '');
  return rest !== value && !rest.includes('${');
}
