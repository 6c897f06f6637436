/**
 * The configuration of an app: what a template (templates/<name>/template.json) and the
 * app's own `phpack.json` say, merged key by key at build time (phpack.json wins; arrays are
 * replaced, objects merged), carried in the payload's manifest, and overridden at start by
 * command-line flags. docs/reference/config.md describes each key; a test keeps both in step.
 *
 * Durations are milliseconds, sizes bytes. Paths are relative to the app root, with `/`.
 */
export interface AppConfig {
  /** Name of the product; the data directory's default name. Default: directory's name. */
  name: string;
  template: string;
  /** Directory that is served, relative to the app root; '' is the root. */
  documentRoot: string;
  /** Script for requests that match no file, relative to documentRoot; '' for none. Default `index.php`. */
  frontController: string;
  /**
   * Which `.php` files below documentRoot may be requested by their own name: 'any', or a list of
   * globs relative to documentRoot (`wp-login.php`, `wp-admin/**`). The front controller always
   * may. Others behave as if they did not exist (front controller or 404).
   */
  entryScripts: 'any' | readonly string[];
  /** Globs relative to documentRoot, never served nor run: 403 is not told apart from 404. */
  deny: readonly string[];
  /** Globs relative to documentRoot: directories from which PHP is never run (uploads). */
  noPhp: readonly string[];
  /** Files and directories that the app writes; live in the data dir, survive upgrades. `dir/` ends in a slash. */
  writable: readonly string[];
  /**
   * As `writable`, but made from the code (compiled templates, containers): kept per version, so
   * that an upgrade begins with empty ones.
   */
  caches: readonly string[];
  /** Left out of the payload (globs), beside what phpack always leaves out. */
  exclude: readonly string[];
  /** Kept although a rule of phpack or `exclude` would leave it out (globs). */
  include: readonly string[];
  php: {
    /** php.ini directives of the app. The app's own `php.ini` at its root comes before these. */
    ini: Readonly<Record<string, string>>;
    /** Environment variables given to PHP (serve and php-cli). `{data}` and `{app}` are replaced. */
    env: Readonly<Record<string, string>>;
    /** Extensions the app needs beside composer's `ext-*`. */
    extensions: readonly string[];
  };
  workers: {
    /** Worker processes; 0: twice the CPUs, at least 4, within memory. */
    count: number;
    /** Requests after which a worker is replaced; 0: never. */
    maxRequests: number;
    /** Wall clock of one request until its response is finished; 0: no limit. Then 504. */
    requestTimeoutMs: number;
    /** How long a script over a limit may take to end when it is told to; then SIGKILL. */
    requestGraceMs: number;
    /** Wall clock of what a script does after fastcgi_finish_request(); 0: no limit. */
    afterFinishTimeoutMs: number;
    /** Requests that may wait for a worker; more get 503. */
    queueLimit: number;
    queueTimeoutMs: number;
  };
  http: {
    /** `HOST:PORT`, `[::1]:PORT`, `:PORT`, `unix:/path`. Several allowed. */
    listen: readonly string[];
    /** Request line and headers together: 431 above. */
    maxHeaderBytes: number;
    /** Request target: 414 above. */
    maxTargetBytes: number;
    /** Request body: 413 above. 0: no limit. */
    maxBodyBytes: number;
    /**
     * Memory for all that clients make the front hold; more is refused, not read or goes
     * to disk. 0: a quarter of the machine's or container's, if PHP leaves so much.
     */
    memoryBytes: number;
    /** Disk space for bodies and answers together. 0: half of what is free at the start. */
    spoolBytes: number;
    /** Whole request head must have arrived: 408. */
    headersTimeoutMs: number;
    /** Longest pause between two pieces of a request body: 408. */
    bodyIdleTimeoutMs: number;
    keepAliveTimeoutMs: number;
    /** A client that reads nothing of its response for so long is dropped. */
    writeIdleTimeoutMs: number;
    /** Routes (globs of URI paths) whose request bodies stream to PHP unbuffered. */
    streamBodies: readonly string[];
    /** `Cache-Control` of static files: glob → value, first match wins. */
    cacheControl: Readonly<Record<string, string>>;
    /** Grace for open requests at SIGTERM. */
    drainMs: number;
  };
  log: {
    level: 'error' | 'warning' | 'notice' | 'info' | 'debug';
    /** Log every request. */
    access: boolean;
  };
}
