import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BudgetSize } from '../../../runtime/http/budget.ts';
import { createFront, type Front } from '../../../runtime/http/front.ts';
import type { PhpPool } from '../../../runtime/php/types.ts';
import type { AppConfig } from '../../../contract/config.ts';
import type { MovedPlace } from '../../../runtime/payload/moved.ts';
import { type FakeExchange, FakePool } from './fake-pool.ts';

export const baseConfig: AppConfig = {
  name: 'site',
  template: 'plain',
  documentRoot: 'public',
  frontController: 'index.php',
  entryScripts: 'any',
  deny: [],
  noPhp: [],
  writable: [],
  caches: [],
  exclude: [],
  include: [],
  php: { ini: {}, env: {}, extensions: [] },
  workers: {
    count: 4,
    maxRequests: 0,
    requestTimeoutMs: 0,
    requestGraceMs: 1000,
    afterFinishTimeoutMs: 0,
    queueLimit: 100,
    queueTimeoutMs: 0,
  },
  http: {
    listen: ['127.0.0.1:0'],
    maxHeaderBytes: 16_384,
    maxTargetBytes: 8192,
    maxBodyBytes: 0,
    memoryBytes: 0,
    spoolBytes: 0,
    headersTimeoutMs: 10_000,
    bodyIdleTimeoutMs: 10_000,
    keepAliveTimeoutMs: 5000,
    writeIdleTimeoutMs: 10_000,
    streamBodies: [],
    cacheControl: {},
    drainMs: 5000,
  },
  log: { level: 'debug', access: false },
};

const baseBudget: BudgetSize = {
  memoryBytes: 2 ** 30,
  spoolBytes: 2 ** 30,
  maxConnections: 16_384,
};

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

export interface Site {
  front: Front;
  pool: FakePool;
  port: number;
  /** Of all addresses. */
  ports: number[];
  appRoot: string;
  spoolDir: string;
  log: LogLine[];
  /** Open ones; they have no names. */
  spoolFiles(): number;
  /** Creates or replaces a file below the app root. */
  write(path: string, content: string | Buffer): string;
  close(): Promise<void>;
}

export interface SiteSettings {
  config?: Partial<Omit<AppConfig, 'http'>> & { http?: Partial<AppConfig['http']> };
  /** Path below the app root → content. */
  files?: Readonly<Record<string, string | Buffer>>;
  php?: (exchange: FakeExchange) => void;
  /** Instead of the fake one; closed by its owner. */
  realPool?: PhpPool;
  isTreeImmutable?: boolean;
  budget?: Partial<BudgetSize>;
  moved?: readonly MovedPlace[];
  /** Called with the app root and the writable root before the front starts. */
  prepare?: (appRoot: string, writableRoot: string, cachesRoot: string) => void;
}

/** A front on a free port, serving a directory of its own with a fake PHP. */
export async function startSite(settings: SiteSettings = {}): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'phpack-http-'));
  const appRoot = join(dir, 'app');
  const writableRoot = join(dir, 'var');
  const cachesRoot = join(dir, 'caches');
  const spoolDir = join(dir, 'spool');
  for (const path of [join(appRoot, 'public'), writableRoot, cachesRoot, spoolDir]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const write = (path: string, content: string | Buffer): string => {
    const file = join(appRoot, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  const files = settings.files ?? { 'public/index.php': '<?php' };
  for (const [path, content] of Object.entries(files)) write(path, content);
  settings.prepare?.(appRoot, writableRoot, cachesRoot);
  const config: AppConfig = {
    ...baseConfig,
    ...settings.config,
    http: { ...baseConfig.http, ...settings.config?.http },
  };
  const pool = new FakePool(settings.php ?? echoHead);
  const log: LogLine[] = [];
  const front = createFront({
    config,
    appRoot,
    writableRoot,
    cachesRoot,
    moved: settings.moved ?? [],
    isTreeImmutable: settings.isTreeImmutable ?? false,
    spoolDir,
    pool: settings.realPool ?? pool,
    budget: { ...baseBudget, ...settings.budget },
    log: {
      has: () => true,
      write: (level, message, fields = {}) => void log.push({ level, message, fields }),
      access: (message, fields) => void log.push({ level: 'access', message, fields }),
    },
  });
  const addresses = await front.listen();
  return {
    front,
    pool,
    port: addresses[0]!.port,
    ports: addresses.map(({ port }) => port),
    appRoot,
    spoolDir,
    log,
    spoolFiles: () => countOpenFiles(spoolDir),
    write,
    close: async () => {
      await front.close();
      // Streams close in a later turn.
      await new Promise(setImmediate);
      const { heldBytes, spooledBytes } = front.stats();
      if (heldBytes !== 0 || spooledBytes !== 0) {
        throw new Error(
          `not given back: ${heldBytes} in memory, ${spooledBytes} on disk`,
        );
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function countOpenFiles(dir: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;
}

/** Tells which script ran and with what. */
export function echoHead(exchange: FakeExchange): void {
  const { head, content } = exchange;
  const text = JSON.stringify({ ...head, body: content.toString('latin1') });
  exchange.answer(200, ['Content-Type', 'application/json', 'X-Php', '1'], text);
}
