import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { PhpPool } from '../php/types.ts';
import { type AccessLog, createAccessLog } from './access-log.ts';
import { onClientError, refuseConnect } from './client-error.ts';
import { connectionOf } from './connection.ts';
import { compileGlobs } from '../../contract/glob.ts';
import { answer } from './answer.ts';
import { Intake } from './intake.ts';
import { type Listening, listenAll } from './listeners.ts';
import { FrontResponse, type FrontServer } from './response.ts';
import { Router, type SiteOptions } from './routing.ts';
import { SpoolDirectory } from './spool.ts';
import type { FrontLog, FrontState } from './state.ts';
import { Budget, type BudgetSize, type BudgetUse } from './budget.ts';
import { OpenConnections } from './open-connections.ts';
import { MAX_HEADERS } from './request-head.ts';
import { AssetCache } from './static/cache.ts';
import { cacheControlRule } from './static/cache-control.ts';

export interface FrontOptions extends SiteOptions {
  /** A private directory of ours; only nameless files are made in it. */
  spoolDir: string;
  pool: PhpPool;
  log: FrontLog;
  /** What clients may make us hold. */
  budget: BudgetSize;
}

export interface FrontAddress {
  /** `http://127.0.0.1:8080`, `unix:/run/app.sock` */
  url: string;
  address: string;
  /** 0 for a Unix socket. */
  port: number;
}

export interface FrontStats extends BudgetUse {
  connections: number;
  requests: number;
}

/** RFC 9110 §10.1.1: the one expectation there is. */
const onlyContinue = /^\s*100-continue(?:\s*,\s*100-continue)*\s*$/i;

type ResponseClass = typeof FrontResponse;

/** The HTTP side of the server: sockets in, requests for PHP out. */
export class Front {
  readonly #state: FrontState;
  readonly #accessLog: AccessLog | null;
  readonly #servers = new Set<FrontServer>();
  readonly #connections: OpenConnections;
  #listening: Listening[] = [];
  #lastDropAt = Number.NEGATIVE_INFINITY;
  #serial = 0;
  #whenEmpty: (() => void) | null = null;

  constructor(options: FrontOptions) {
    const { config, log, pool } = options;
    const router = new Router(options);
    const budget = new Budget(options.budget);
    this.#connections = new OpenConnections(budget, () => this.#whenEmpty?.());
    this.#state = {
      config,
      log,
      pool,
      router,
      assets: new AssetCache({
        roots: router.roots,
        cacheControlOf: cacheControlRule(config.http.cacheControl),
      }),
      spool: new SpoolDirectory(options.spoolDir),
      budget,
      streamBodies: compileGlobs(config.http.streamBodies),
      idPrefix: `${randomBytes(6).toString('hex')}-`,
      isDraining: false,
    };
    this.#accessLog = config.log.access ? createAccessLog(log) : null;
  }

  /** Opens all addresses, or none: rejects with PHPACK_E_LISTEN. */
  async listen(): Promise<FrontAddress[]> {
    const { listen } = this.#state.config.http;
    this.#listening = await listenAll(listen, () => this.#createServer());
    return this.#listening.flatMap(({ addresses }) => addresses);
  }

  stats(): FrontStats {
    const { size } = this.#connections;
    return { connections: size, requests: this.#serial, ...this.#state.budget.use };
  }

  /** No new connections; resolves when all requests are answered, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#state.isDraining = true;
    for (const server of this.#servers) server.close();
    // A connection without a request yet gets a moment, for one may be on its way.
    const quiet = setTimeout(() => this.#closeQuiet(), Math.min(500, graceMs));
    // An answer whose head was sent before did not say that it is the last of its
    // connection.
    const idle = setInterval(() => this.#closeIdle(), 50);
    const empty = new Promise<void>((resolve) => (this.#whenEmpty = resolve));
    if (this.#connections.size === 0) this.#whenEmpty?.();
    let grace: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (grace = setTimeout(resolve, graceMs)));
    await Promise.race([empty, late]);
    clearTimeout(quiet);
    clearInterval(idle);
    clearTimeout(grace);
  }

  /** Ends what is left; PHP has been told of every request that this breaks off. */
  async close(): Promise<void> {
    this.#state.isDraining = true;
    for (const server of this.#servers) server.close();
    const empty = new Promise<void>((resolve) => (this.#whenEmpty = resolve));
    for (const socket of this.#connections.sockets) socket.destroy();
    await Promise.all(this.#listening.map((listening) => listening.close()));
    if (this.#connections.size > 0) await empty;
  }

  #closeIdle(): void {
    for (const server of this.#servers) server.closeIdleConnections();
  }

  #closeQuiet(): void {
    for (const socket of this.#connections.sockets) {
      if (connectionOf(socket).last === null && socket.bytesRead === 0) socket.destroy();
    }
  }

  #createServer(): FrontServer {
    const { http } = this.#state.config;
    const options: ServerOptions<typeof IncomingMessage, ResponseClass> = {
      ServerResponse: FrontResponse,
      insecureHTTPParser: false,
      requireHostHeader: false,
      // Of request line and headers together, as node:http counts them.
      maxHeaderSize: http.maxHeaderBytes,
      headersTimeout: http.headersTimeoutMs,
      // Bodies have a limit of idleness instead: a big upload may take hours.
      requestTimeout: 0,
      keepAliveTimeout: http.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(
        Math.max(http.headersTimeoutMs / 4, 50),
        2000,
      ),
      noDelay: true,
    };
    const server = createServer(options, (req, res) => this.#onRequest(req, res));
    this.#servers.add(server);
    // Beyond it the list is cut off, and the request refused for what is left of it.
    server.maxHeadersCount = MAX_HEADERS + 1;
    // A client may end its side after the request and wait for the answer.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on('checkContinue', (req: IncomingMessage, res: FrontResponse) => {
      // Node sees it in a list with others as well.
      res.expectsContinue = onlyContinue.test(req.headers.expect ?? '');
      this.#onRequest(req, res, res.expectsContinue ? 0 : 417);
    });
    server.on('checkExpectation', (req: IncomingMessage, res: FrontResponse) => {
      this.#onRequest(req, res, 417);
    });
    server.on('connection', (socket) => this.#onConnection(socket));
    server.on('clientError', (error, socket) =>
      onClientError(error, socket, this.#state),
    );
    server.on('connect', (_, socket) => refuseConnect(socket, this.#state));
    server.on('drop', () => this.#onDrop());
    // Of all addresses together; node:http knows of one.
    Object.defineProperty(server, 'maxConnections', {
      get: () => (this.#connections.hasRoom() ? null : 0),
    });
    return server;
  }

  #onConnection(socket: Socket): void {
    new Intake(this.#connections.add(socket), this.#state).start();
  }

  #onRequest(req: IncomingMessage, response: FrontResponse, refusal = 0): void {
    const connection = connectionOf(req.socket);
    response.front = this.#state;
    response.serial = ++this.#serial;
    connection.last = response;
    if (this.#accessLog) this.#accessLog(response, connection);
    answer(response, connection, connection.wire.confirmHead(req) ? refusal : 400);
  }

  /** At most one line a second: refusals come in floods. */
  #onDrop(): void {
    const now = performance.now();
    if (now - this.#lastDropAt < 1000) return;
    this.#lastDropAt = now;
    const text = `Connections are refused: ${this.#connections.size} are open`;
    this.#state.log.write('warning', text);
  }
}

export function createFront(options: FrontOptions): Front {
  return new Front(options);
}
