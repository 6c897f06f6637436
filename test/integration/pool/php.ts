import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildChannel } from '../../../native/channel/build.ts';
import { createPhpPool, type WorkerPool } from '../../../runtime/php/pool.ts';
import type {
  PhpLogEntry,
  PhpPoolOptions,
  PhpRequestBody,
  PhpRequestHead,
} from '../../../runtime/php/types.ts';
import { subjectPhp } from '../../conformance/subject.ts';
import { Collector, makeHead } from '../channel/request.ts';

/** A pool of the real PHP over a directory of scripts, which is removed with it. */
export class PhpSite {
  readonly pool: WorkerPool;
  readonly log: PhpLogEntry[] = [];
  readonly root: string;

  constructor(
    scripts: Readonly<Record<string, string>>,
    options: Partial<PhpPoolOptions> = {},
    ini: readonly string[] = [],
  ) {
    this.root = mkdtempSync(join(tmpdir(), 'phpack-pool-'));
    for (const [name, source] of Object.entries(scripts)) {
      writeFileSync(join(this.root, name), `<?php ${source}`);
    }
    const own = ['display_errors=0', 'log_errors=1', 'opcache.enable=1'];
    const lines = [...own, ...ini, 'phpack.complete=1'];
    writeFileSync(join(this.root, 'php.ini'), `${lines.join('\n')}\n`);
    this.pool = createPhpPool({
      channelPath: buildChannel(),
      phpBinary: subjectPhp(),
      workers: 4,
      maxRequests: 0,
      requestTimeoutMs: 0,
      requestGraceMs: 1000,
      afterFinishTimeoutMs: 0,
      queueLimit: 10_000,
      queueTimeoutMs: 0,
      ...options,
      env: { PHPRC: join(this.root, 'php.ini'), PHP_INI_SCAN_DIR: '', TMPDIR: this.root },
      onLog: (entry) => this.log.push(entry),
    });
  }

  async close(): Promise<void> {
    await this.pool.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  head(script: string, over: Partial<PhpRequestHead> = {}): PhpRequestHead {
    const [name, query = ''] = script.split('?');
    return makeHead(query, {
      target: `/${script}`,
      documentRoot: this.root,
      scriptFilename: join(this.root, name!),
      scriptName: `/${name}`,
      ...over,
    });
  }

  send(
    script: string,
    body: PhpRequestBody = { kind: 'none' },
    over: Partial<PhpRequestHead> = {},
    sink: Collector = new Collector(),
  ): Collector {
    sink.exchange = this.pool.submit(this.head(script, over), body, sink);
    return sink;
  }

  /** Body of the response; throws when there is none. */
  async get(script: string): Promise<string> {
    const sink = await this.send(script).settled();
    if (sink.failure) throw new Error(JSON.stringify(sink.failure));
    return sink.body.toString();
  }

  workerPids(): number[] {
    return childrenOf(this.pool.zygotePid);
  }
}

export function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (pid === 0 || !existsSync(path)) return [];
  return readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

/** Memory a process has for itself (not the channel, not the ELF), in KiB. */
export function ownKib(pid: number | 'self'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+)/m.exec(text)![1]);
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
