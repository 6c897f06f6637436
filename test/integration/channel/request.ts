import { EventEmitter, once } from 'node:events';
import type {
  PhpExchange,
  PhpFailure,
  PhpPool,
  PhpRequestBody,
  PhpRequestHead,
  PhpResponseSink,
} from '../../../runtime/php/types.ts';

export function makeHead(queryString: string, over: Partial<PhpRequestHead> = {}) {
  const head: PhpRequestHead = {
    method: 'GET',
    target: `/index.php?${queryString}`,
    protocol: 'HTTP/1.1',
    scheme: 'http',
    remoteAddress: '127.0.0.1',
    remotePort: '40000',
    serverAddress: '127.0.0.1',
    serverPort: '8080',
    serverName: 'localhost',
    documentRoot: '/srv/app',
    scriptFilename: '/srv/app/index.php',
    scriptName: '/index.php',
    pathInfo: '',
    queryString,
    contentType: '',
    contentLength: '',
    rawHeaders: ['Host', 'localhost:8080'],
    variables: [],
  };
  return { ...head, ...over };
}

/** A sink that keeps everything, and checks that it is called in the promised order. */
export class Collector implements PhpResponseSink {
  readonly events = new EventEmitter();
  exchange: PhpExchange | null = null;
  status = 0;
  reason = '';
  headers: readonly string[] = [];
  chunks: Buffer[] = [];
  bytes = 0;
  failure: PhpFailure | null = null;
  isEnded = false;
  isAborted = false;
  /** Violations of the contract of PhpResponseSink. */
  errors: string[] = [];
  /** Keep the bytes, or only count them. */
  keeps = true;

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get isSettled(): boolean {
    return this.isEnded || this.failure !== null || this.isAborted;
  }

  onHead(status: number, rawHeaders: readonly string[], reason: string): void {
    this.#expectOpen('onHead');
    if (this.status !== 0) this.errors.push('second head');
    this.status = status;
    this.headers = rawHeaders;
    this.reason = reason;
    this.events.emit('head');
  }

  onData(chunk: Buffer): boolean {
    this.#expectOpen('onData');
    if (this.status === 0) this.errors.push('data before head');
    if (this.keeps) this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    this.events.emit('bytes');
    return this.wantsMore();
  }

  /** What onData returns. */
  wantsMore(): boolean {
    return true;
  }

  onEnd(): void {
    this.#expectOpen('onEnd');
    if (this.status === 0) this.errors.push('end before head');
    this.isEnded = true;
    this.events.emit('settled');
  }

  onFailure(failure: PhpFailure): void {
    this.#expectOpen('onFailure');
    if (this.exchange === null) this.errors.push('failure inside submit');
    this.failure = failure;
    this.events.emit('settled');
  }

  abort(): void {
    if (this.isSettled) return;
    this.isAborted = true;
    this.exchange!.abort();
    this.events.emit('settled');
  }

  async settled(): Promise<this> {
    if (!this.isSettled) await once(this.events, 'settled');
    return this;
  }

  #expectOpen(method: string): void {
    if (this.isSettled) this.errors.push(`${method} after the end`);
  }
}

export function send(
  pool: PhpPool,
  query: string,
  body: PhpRequestBody = { kind: 'none' },
  over: Partial<PhpRequestHead> = {},
  sink: Collector = new Collector(),
): Collector {
  const length = body.kind === 'bytes' ? `${body.bytes.length}` : '';
  const head = makeHead(query, { contentLength: length, ...over });
  sink.exchange = pool.submit(head, body, sink);
  return sink;
}

/** What the fake peer answers to `bytes=N`. */
export function madeUpBytes(count: number): Buffer {
  const result = Buffer.allocUnsafe(count);
  for (let i = 0; i < count; i++) result[i] = i * 7 + Math.floor(i / 251);
  return result;
}

/** What the fake peer answers to `hash=1`: length, sum, how the body ended. */
export function hashAnswer(body: Buffer, ended = 1): string {
  let sum = 0;
  for (const byte of body) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return `${body.length} ${sum} ${ended}`;
}

/** Waits for a state that nobody announces. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 6000) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** SIGKILL for a worker that may have left by itself since it was looked up; false then. */
export function killIfThere(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
