import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { buildChannel } from '../../../native/channel/build.ts';
import { loadAddon, type NativeAddon } from '../../../runtime/native.ts';
import * as layout from '../../../runtime/php/layout.ts';
import { WorkerPool } from '../../../runtime/php/pool.ts';
import type {
  PhpLogEntry,
  PhpPoolOptions,
  PhpRequestBody,
  PhpRequestHead,
} from '../../../runtime/php/types.ts';
import { subjectPhp } from '../../conformance/subject.ts';
import { Collector, until } from '../channel/request.ts';

export interface PhpOptions extends Partial<Omit<PhpPoolOptions, 'env' | 'onLog'>> {
  /** php.ini directives beside the harness' own. */
  ini?: Record<string, string | number>;
  env?: Record<string, string>;
  /** Text at the end of php.ini. */
  iniText?: string;
}

export interface PhpRequest extends Partial<PhpRequestHead> {
  body?: PhpRequestBody | string;
  /** `Name: value` lines. */
  headers?: string[];
  sink?: Collector;
}

const opened: Php[] = [];

afterEach(async () => {
  for (const php of opened.splice(0)) await php.close();
});

/** The real pool over the real PHP, with a document root of its own; closed by itself. */
export class Php {
  readonly root = mkdtempSync(join(tmpdir(), 'phpack-sapi-'));
  readonly docroot = join(this.root, 'web');
  readonly log: PhpLogEntry[] = [];
  readonly pool: WorkerPool;
  readonly #workers: number;
  readonly #written = new Set<string>();
  #memory = new ArrayBuffer(0);

  constructor(options: PhpOptions = {}) {
    opened.push(this);
    const { ini, env, iniText = '', ...rest } = options;
    mkdirSync(this.docroot);
    const iniFile = join(this.root, 'php.ini');
    const directives = {
      display_errors: 0,
      log_errors: 1,
      error_reporting: -1,
      html_errors: 0,
      expose_php: 0,
      upload_tmp_dir: this.root,
      sys_temp_dir: this.root,
      'session.save_path': this.root,
      'date.timezone': 'UTC',
      'phpack.complete': 1,
      ...ini,
    };
    const lines = Object.entries(directives).map(([key, value]) => `${key}="${value}"\n`);
    writeFileSync(iniFile, `${lines.join('')}${iniText}`);
    this.#workers = options.workers ?? 1;
    this.pool = new WorkerPool(this.#watchedAddon(), {
      phpBinary: subjectPhp(),
      workers: 1,
      maxRequests: 0,
      requestTimeoutMs: 0,
      requestGraceMs: 1000,
      afterFinishTimeoutMs: 0,
      queueLimit: 10_000,
      queueTimeoutMs: 0,
      ...rest,
      env: { PATH: '/usr/bin:/bin', PHPRC: iniFile, PHP_INI_SCAN_DIR: '', ...env },
      onLog: (entry) => this.log.push(entry),
    });
  }

  /** Writes a file below the document root and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.docroot, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Sends a request to this source text (`<?php` is put before it); does not wait. */
  send(code: string, request: PhpRequest = {}): Collector {
    const name = `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.php`;
    // Once: a worker may be reading it for an earlier request.
    if (!this.#written.has(name)) this.file(name, `<?php ${code}`);
    this.#written.add(name);
    return this.sendTo(`/${name}`, request);
  }

  /** Sends a request to the script of this name below the document root. */
  sendTo(scriptName: string, request: PhpRequest = {}): Collector {
    const { body, headers = [], sink = new Collector(), ...over } = request;
    const sent = toBody(body);
    const query = over.queryString ? `?${over.queryString}` : '';
    const head: PhpRequestHead = {
      method: sent.kind === 'none' ? 'GET' : 'POST',
      target: `${scriptName}${over.pathInfo ?? ''}${query}`,
      protocol: 'HTTP/1.1',
      scheme: 'http',
      remoteAddress: '192.0.2.7',
      remotePort: '40000',
      serverAddress: '192.0.2.1',
      serverPort: '8080',
      serverName: 'app.example',
      documentRoot: this.docroot,
      scriptFilename: join(this.docroot, scriptName),
      scriptName,
      pathInfo: '',
      queryString: '',
      contentType: '',
      contentLength: lengthOf(sent),
      rawHeaders: headers.flatMap((line) => splitHeader(line)),
      variables: [],
      ...over,
    };
    sink.exchange = this.pool.submit(head, sent, sink);
    return sink;
  }

  /** Sends, and waits for the end. */
  async get(code: string, request: PhpRequest = {}): Promise<Collector> {
    return this.send(code, request).settled();
  }

  /** The response's body as text. */
  async text(code: string, request: PhpRequest = {}): Promise<string> {
    return (await this.get(code, request)).body.toString();
  }

  /** The response's body, parsed. */
  async json(code: string, request: PhpRequest = {}): Promise<unknown> {
    const text = await this.text(code, request);
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`no JSON: ${text} (log: ${this.texts().join(' | ')})`);
    }
  }

  /** Waits for a log entry: the log is a pipe of its own, not in step with responses. */
  async logged(pattern: RegExp | string): Promise<PhpLogEntry> {
    const isWanted = (entry: PhpLogEntry): boolean =>
      typeof pattern === 'string' ? entry.text === pattern : pattern.test(entry.text);
    await until(() => this.log.some(isWanted), `${pattern} in the log`);
    return this.log.find(isWanted)!;
  }

  texts(): string[] {
    return this.log.map((entry) => entry.text);
  }

  /** A word of a worker's line in the shared memory. */
  worker(index: number, field: keyof typeof layout.worker): number {
    const offset = layout.channel.workers + index * layout.WORKER_BYTES;
    return Atomics.load(this.words(), (offset + layout.worker[field]) >> 2);
  }

  words(): Int32Array {
    return new Int32Array(this.#memory);
  }

  workerPids(): number[] {
    const pids: number[] = [];
    for (let i = 0; i < this.#workers; i++) pids.push(this.worker(i, 'pid'));
    return pids.filter((pid) => pid !== 0);
  }

  async close(): Promise<void> {
    await this.pool.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  #watchedAddon(): NativeAddon {
    const real = loadAddon(buildChannel());
    const onMemory = (memory: ArrayBuffer): void => {
      this.#memory = memory;
    };
    return {
      ...real,
      Channel: class extends real.Channel {
        constructor(...args: ConstructorParameters<NativeAddon['Channel']>) {
          super(...args);
          onMemory(this.memory);
        }
      },
    };
  }
}

function toBody(body: PhpRequest['body']): PhpRequestBody {
  if (body === undefined) return { kind: 'none' };
  return typeof body === 'string' ? { kind: 'bytes', bytes: Buffer.from(body) } : body;
}

function lengthOf(body: PhpRequestBody): string {
  if (body.kind === 'bytes') return `${body.bytes.length}`;
  return body.kind === 'file' ? `${body.length}` : '';
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** A response header's values. */
export function headerOf(response: Collector, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < response.headers.length; i += 2) {
    if (response.headers[i]!.toLowerCase() === name)
      values.push(response.headers[i + 1]!);
  }
  return values;
}
