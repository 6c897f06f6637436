import type { Readable } from 'node:stream';

/**
 * The contract between the HTTP front (runtime/http) and the PHP side (runtime/php).
 * The front knows nothing of slots; the PHP side knows nothing of sockets.
 *
 * All strings are "binary strings": one character per byte (latin1), as node:http gives
 * them. Paths of the file system are converted once with `Buffer.from(p).latin1Slice()`.
 */

export interface PhpRequestHead {
  method: string;
  /** Request target as received, origin form: `$_SERVER['REQUEST_URI']`. */
  target: string;
  /** `HTTP/1.0`, `HTTP/1.1`. */
  protocol: string;
  scheme: 'http' | 'https';
  remoteAddress: string;
  remotePort: string;
  serverAddress: string;
  serverPort: string;
  serverName: string;
  documentRoot: string;
  /** Absolute path of an existing regular file inside the document root. */
  scriptFilename: string;
  scriptName: string;
  pathInfo: string;
  queryString: string;
  contentType: string;
  /** Digits, or '' when there is no body or its length is unknown. */
  contentLength: string;
  /** name, value, name, value … in wire order; already filtered (no Proxy, no `_` names). */
  rawHeaders: readonly string[];
  /** name, value … further server variables, winning over all others. */
  variables: readonly string[];
}

/**
 * The request's body. The front buffers before it submits (architecture §4), so `bytes`
 * and `file` are complete; `stream` is for routes that opted out of buffering. `release`
 * is called when neither the PHP side nor its worker holds the body any more.
 */
export type PhpRequestBody =
  | { kind: 'none' }
  | { kind: 'bytes'; bytes: Buffer; release?: () => void }
  /**
   * Unlinked spool file, open for reading. The PHP side opens it anew inside submit() and does
   * not close this descriptor: the caller may, as soon as submit() has returned.
   */
  | { kind: 'file'; fd: number; length: number; release?: () => void }
  | { kind: 'stream'; stream: Readable };

/** Any number of times. */
export function releaseBody(body: PhpRequestBody): void {
  if ('release' in body) body.release?.();
}

/** Why PHP gave no (complete) response. */
export type PhpFailure =
  | { reason: 'crashed'; signal: number; script: string }
  | { reason: 'exited'; status: number; script: string }
  | PhpTimeout
  | { reason: 'queue-full' }
  | { reason: 'queue-timeout' }
  | { reason: 'stopping' }
  /** Head and variables exceed the channel's 96 KiB: 431. */
  | { reason: 'head-too-large' }
  | { reason: 'zygote-died' }
  /** What PHP left in the shared memory makes no sense. */
  | { reason: 'damaged'; detail: string; script: string };

/** Over a limit: that of a request, or that of what a script does after its response. */
export interface PhpTimeout {
  reason: 'timeout';
  limit: 'request' | 'after-finish';
  afterMs: number;
  /** False: it ended when it was told to. */
  isKilled: boolean;
  script: string;
}

/** Implemented by the front, one object per request; methods are called in this order. */
export interface PhpResponseSink {
  /**
   * Once. `rawHeaders`: name, value …; shared between requests, never modify it. `reason`: the
   * phrase of the script's own status line; empty when it gave none.
   */
  onHead(status: number, rawHeaders: readonly string[], reason?: string): void;
  /**
   * Any number of times. `chunk` is a view into shared memory, valid only during the
   * call: copy what is not written synchronously. Return false to ask for a pause;
   * call `exchange.resume()` to go on. (The default front never pauses: it spools.)
   */
  onData(chunk: Buffer): boolean;
  /** Once, at the end of the response. The script may still be running afterwards. */
  onEnd(): void;
  /**
   * Instead of onEnd. Before onHead: answer 431/502/503/504; after it: break the connection.
   * Never called inside submit(), nor after abort(). The front logs it (the pool logs only
   * crashes nobody can be told of: after onEnd or abort).
   */
  onFailure(failure: PhpFailure): void;
}

export interface PhpExchange {
  resume(): void;
  /**
   * The client is gone: PHP sees an aborted connection at its next output; a request that
   * still waits never runs. The sink is not called any more.
   */
  abort(): void;
}

export interface PhpPool {
  submit(head: PhpRequestHead, body: PhpRequestBody, sink: PhpResponseSink): PhpExchange;
  /** No new requests; resolves when all are done. */
  drain(): Promise<void>;
  /** Ends zygote and workers. */
  close(): Promise<void>;
  stats(): PhpPoolStats;
}

export interface PhpPoolStats {
  workers: number;
  busy: number;
  queued: number;
  served: number;
  crashes: number;
  timeouts: number;
}

export interface PhpPoolOptions {
  /** The `php` ELF, started with argv[0] `phpack-zygote`. */
  phpBinary: string;
  /** Environment of PHP; contains PHPRC with the effective php.ini. */
  env: Readonly<Record<string, string>>;
  /** Where PHP starts: what relative paths in php.ini (`opcache.preload`) mean. */
  cwd?: string;
  /** Called before PHP is started, also again: makes sure of its php.ini, or throws. */
  prepare?(): void;
  workers: number;
  /** Requests after which a worker process is replaced; 0: never. */
  maxRequests: number;
  /** Wall-clock limit of one request, until its response is finished: then 504; 0: none. */
  requestTimeoutMs: number;
  /** How long a request over a limit may take to end when it is told to; then SIGKILL. */
  requestGraceMs: number;
  /** Wall-clock limit of what a script does after fastcgi_finish_request(); 0: none. */
  afterFinishTimeoutMs: number;
  /** Requests that may wait for a worker; more are refused (`queue-full`). */
  queueLimit: number;
  /** How long one may wait (`queue-timeout`); 0: for ever. */
  queueTimeoutMs: number;
  /** Lines from PHP: error_log, startup warnings, stderr of scripts. */
  onLog(entry: PhpLogEntry): void;
}

export interface PhpLogEntry {
  level: 'error' | 'warning' | 'notice' | 'info' | 'debug';
  text: string;
  pid: number;
  /** Head of the request it belongs to, when known. */
  request?: PhpRequestHead;
}
