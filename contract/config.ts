/**
 * The configuration of an app: what a template (templates/<name>/template.json) and the
 * app's own `phpack.json` say, merged key by key at build time, carried in the product's
 * manifest, and overridden at start by flags. Types, checks, `BINARY config` and the table
 * of docs/reference/config.md come from here.
 *
 * Durations are milliseconds, sizes bytes. Paths are relative to the app's root, with `/`.
 */
import { entry, group, type KeyOf, type PartOf, type ValueOf } from './schema.ts';

export const logLevels = ['error', 'warning', 'notice', 'info', 'debug'] as const;

const text = { kind: 'text' } as const;
const path = { kind: 'text', role: 'path', title: 'path' } as const;
const places = {
  kind: 'list',
  of: { kind: 'text', role: 'place' },
  title: 'paths',
} as const;
const glob = { kind: 'text', role: 'glob' } as const;
const globs = { kind: 'list', of: glob, title: 'globs' } as const;
const names = { kind: 'list', of: text, title: 'names' } as const;
const texts = { kind: 'object', of: text } as const;
const number = { kind: 'number' } as const;
/** Roughly: what it cannot be at all is found while building. */
const address = {
  kind: 'text',
  pattern: {
    regExp: /^(unix:\/.+|.*:\d{1,5})$/,
    otherwise: 'is not HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH',
  },
} as const;

const php = group({
  ini: entry(
    texts,
    {},
    "php.ini directives. A `php.ini` at the app's root comes before them. In both, `{data}`, " +
      '`{app}` and `{caches}` stand for what they do in `php.env`, `${NAME}` and ' +
      '`${NAME:-default}` for an environment variable, and a relative `opcache.preload` ' +
      "is the app's",
  ),
  env: entry(
    texts,
    {},
    "environment of PHP, for server and `php-cli`; the caller's wins. `{data}`, `{app}` and " +
      '`{caches}` stand for those directories',
    'template',
  ),
  extensions: entry(names, [], "extensions the app needs beside Composer's `ext-*`"),
});

const workers = group({
  count: entry(number, 0, 'PHP processes; 0: twice the CPUs, at least 4, within memory'),
  // Bounds what leaks in extensions, and is rare enough to cost nothing.
  maxRequests: entry(
    number,
    1000,
    'requests after which a PHP process is replaced; 0: never',
  ),
  requestTimeoutMs: entry(
    number,
    120_000,
    'longest time for one request, until its response is finished; then 504, and the ' +
      'script is told to end; 0: no limit',
  ),
  requestGraceMs: entry(
    number,
    5000,
    'how long a script over a limit may take to end when it is told to; then its process ' +
      'is killed',
  ),
  afterFinishTimeoutMs: entry(
    number,
    0,
    'longest time for what a script does after `fastcgi_finish_request()`; 0: no limit',
  ),
  queueLimit: entry(
    number,
    1000,
    'requests that may wait for a PHP process; more get 503',
  ),
  queueTimeoutMs: entry(number, 30_000, 'how long they wait, then 503'),
});

const http = group({
  // Only this machine, until somebody decides otherwise.
  listen: entry(
    { kind: 'list', of: address, title: 'addresses' },
    ['127.0.0.1:8080'],
    '`HOST:PORT`, `[::1]:PORT`, `:PORT`, `unix:/path`',
  ),
  maxHeaderBytes: entry(
    number,
    32 << 10,
    'request line and headers together; more is 431',
  ),
  maxTargetBytes: entry(number, 8 << 10, 'request target; more is 414'),
  maxBodyBytes: entry(number, 256 << 20, 'request body; more is 413; 0: no limit'),
  memoryBytes: entry(
    number,
    0,
    'memory for all that clients make the server hold ([limits](http.md#memory-and-disk)); ' +
      "0: a quarter of the machine's or container's memory, when PHP's processes leave so " +
      'much, from 32 MiB to 1 GiB',
  ),
  spoolBytes: entry(
    number,
    0,
    'disk space for request bodies and answers together, then 507 for bodies, and PHP waits ' +
      'for slow readers; 0: half of what is free in the data directory at the start (an ' +
      'eighth of the memory, if that is on tmpfs)',
  ),
  headersTimeoutMs: entry(
    number,
    15_000,
    'until the head of a request has arrived, else 408',
  ),
  bodyIdleTimeoutMs: entry(
    number,
    30_000,
    'longest pause between pieces of a request body, else 408',
  ),
  keepAliveTimeoutMs: entry(number, 15_000, 'how long an idle connection stays open'),
  writeIdleTimeoutMs: entry(
    number,
    60_000,
    'a client that reads nothing for so long is dropped',
  ),
  streamBodies: entry(globs, [], 'routes whose request bodies go to PHP unbuffered'),
  cacheControl: entry(
    { kind: 'object', names: glob, of: text },
    {},
    '`Cache-Control` of static files: glob → value, the first match wins',
    'template',
  ),
  drainMs: entry(number, 30_000, 'grace for open requests at SIGTERM'),
});

const log = group({
  level: entry(
    { kind: 'choice', of: logLevels, title: 'text' },
    'info',
    '`error`, `warning`, `notice`, `info` or `debug`',
  ),
  access: entry({ kind: 'boolean' }, false, 'log every request'),
});

export const appConfig = group({
  name: entry(
    text,
    'app',
    'name of the product and of its data directory: A-Z a-z 0-9 . _ -',
    "the directory's name",
  ),
  template: entry(
    text,
    'plain',
    '`drupal`, `wordpress`, `bedrock`, `mediawiki`, `laravel`, `symfony` or `plain`',
    'as recognised',
  ),
  documentRoot: entry(
    path,
    '',
    'the directory that is served; `""` is the root',
    'as recognised',
  ),
  frontController: entry(
    path,
    'index.php',
    'script for requests that match no file, relative to the document root; `""` for none',
  ),
  entryScripts: entry(
    {
      kind: 'either',
      of: [{ kind: 'choice', of: ['any'] }, globs],
      title: '`"any"` or globs',
    },
    [],
    '`.php` files that may be requested by their own name. The front controller always may; ' +
      'all others behave as if they did not exist. A name without wildcards lists a script ' +
      'even where the app writes',
    'template',
  ),
  deny: entry(
    globs,
    [],
    'never served nor run, beside [what never is](http.md#what-is-never-sent): dotfiles, PHP ' +
      'source, databases, keys, backups. `phpack build` adds directories that a `.htaccess` ' +
      'of the app closes as a whole; nothing else of such files is read',
    'template',
  ),
  noPhp: entry(
    globs,
    [],
    'directories from which PHP is never run, beside all that is `writable` or in `caches`',
    'template',
  ),
  writable: entry(
    places,
    [],
    'files, and directories with `/` at the end, that the app writes. They live in the data ' +
      'directory and survive upgrades; what the app brings there is their first content',
    'template',
  ),
  caches: entry(
    places,
    [],
    'as `writable`, but made from the code: new and empty with each version',
    'template',
  ),
  exclude: entry(
    globs,
    [],
    'left out of the product, beside what phpack and the template leave out',
  ),
  include: entry(globs, [], 'packed although a rule leaves it out'),
  php,
  workers,
  http,
  log,
});

type Values = ValueOf<typeof appConfig>;
export interface AppConfig extends Values {}
export type ConfigKey = KeyOf<typeof appConfig>;
/** `phpack.json`, and `config` of a template. */
export type ConfigFile = PartOf<typeof appConfig>;
