import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerCount } from '../config/effective.ts';
import { asProductError, ProductError } from '../errors.ts';
import { toText } from '../../contract/bytes.ts';
import type { Log } from '../log.ts';
import { useWriteNoWait } from '../log-output.ts';
import { markInUse, removeDeadMarks } from '../payload/lock.ts';
import { prune } from '../payload/prune.ts';
import { PhpStartError } from '../php/failure.ts';
import { createPhpPool, type WorkerPool } from '../php/pool.ts';
import type { PhpLogEntry } from '../php/types.ts';
import { type Installation, install } from '../product.ts';
import { type Command, type CommandContext, installOptions } from './context.ts';
import { frontBudget, spoolDirOf } from './front-budget.ts';
import { StopSignals } from './stop.ts';

const TRIM_AFTER_MS = 2000;

/** Starts the server; resolves when it has been asked to stop and has done so. */
export const serve: Command = async (context) => {
  const { log } = context;
  const signals = new StopSignals(log);
  dieLoudly(log);
  assertProc();
  const installation = await installUntilStopped(context, signals);
  if (installation === null) {
    log.write('info', 'stopped before the app was unpacked', {
      signal: await signals.first,
    });
    return 0;
  }
  if (installation.config.http.listen.length === 0) {
    throw new ProductError('PHPACK_E_LISTEN', 'http.listen is empty');
  }
  log.level = installation.config.log.level;
  installation.addon().hideMemory();
  useWriteNoWait(installation.addon().writeNoWait);
  const { dataDir, uses } = installation;
  removeDeadMarks(installation.addon(), dataDir);
  const endUses = uses.map((name) => markInUse(installation.addon(), dataDir, name));
  try {
    await run(installation, signals, log);
  } finally {
    for (const endUse of endUses) endUse();
  }
  log.write('info', 'stopped');
  return 0;
};

/** null: a signal came first. */
async function installUntilStopped(
  context: CommandContext,
  signals: StopSignals,
): Promise<Installation | null> {
  try {
    const options = { ...installOptions(context), signal: signals.abort };
    return await install(context.product, options);
  } catch (error) {
    if (signals.isStopping) return null;
    throw error;
  }
}

/** The front asks it where an opened file really is, and would find nothing at all. */
function assertProc(): void {
  if (existsSync('/proc/self/fd')) return;
  const seen = '/proc is not mounted; without it no file can be served safely';
  throw new ProductError('PHPACK_E_NO_PROC', seen);
}

async function run(
  installation: Installation,
  signals: StopSignals,
  log: Log,
): Promise<void> {
  const { config, name, version } = installation;
  const isPackaged = version !== '';
  const pool = startPool(installation, log);
  // Loaded while PHP starts in its own process: both take about as long.
  const { createFront } = await import('../http/front.ts');
  const front = createFront({
    config,
    appRoot: installation.appRoot,
    writableRoot: isPackaged ? installation.variableRoot : null,
    cachesRoot: isPackaged ? installation.cachesRoot : null,
    moved: installation.moved,
    isTreeImmutable: isPackaged,
    spoolDir: spoolDirOf(installation),
    budget: frontBudget(installation),
    pool,
    log,
  });
  try {
    await Promise.race([untilReady(pool), signals.first]);
    if (signals.isStopping) return;
    for (const { url } of await front.listen()) {
      log.write('info', 'listening', { url, app: name, pid: process.pid });
    }
    log.flush();
    if (installation.isNew) void pruneOldVersions(installation, log);
    const signal = await signals.first;
    const { drainMs } = config.http;
    log.write('info', 'stopping', { signal, graceMs: drainMs });
    const startedAt = performance.now();
    await front.drain(drainMs);
    await drainPool(pool, drainMs - (performance.now() - startedAt));
  } finally {
    await pool.close();
    await front.close();
  }
}

function startPool(installation: Installation, log: Log): WorkerPool {
  const { config, php, channelPath, env } = installation;
  const { count, ...limits } = config.workers;
  return createPhpPool({
    channelPath,
    phpBinary: php.executable,
    env,
    cwd: installation.appRoot,
    ...limits,
    workers: workerCount(count),
    prepare: () => installation.writeIni(),
    onLog: (entry) => logPhp(log, entry),
  });
}

/** What PHP says, with the request it said it in. */
function logPhp(log: Log, { level, text, pid, request }: PhpLogEntry): void {
  if (!log.has(level)) return;
  const { variables = [] } = request ?? {};
  const about = request && {
    // Name and value alternate.
    request: variables[variables.indexOf('REQUEST_ID') + 1],
    method: request.method,
    target: request.target,
    script: toText(request.scriptFilename),
  };
  log.write(level, text, { source: 'php', pid, ...about });
}

/** Scripts may go on after their answer (`fastcgi_finish_request()`), within the grace. */
async function drainPool(pool: WorkerPool, graceMs: number): Promise<void> {
  const timeout = new AbortController();
  const { signal } = timeout;
  const expired = sleep(Math.max(0, graceMs), undefined, { signal }).catch(() => {});
  await Promise.race([pool.drain(), expired]);
  timeout.abort();
}

async function untilReady(pool: WorkerPool): Promise<void> {
  try {
    await pool.ready;
  } catch (error) {
    if (!(error instanceof PhpStartError)) throw error;
    throw new ProductError('PHPACK_E_PHP_START', error.message, { cause: error });
  }
}

/**
 * An old version's files go when the new one serves; a failure costs disk space only. So does
 * the memory that unpacking used.
 */
async function pruneOldVersions(installation: Installation, log: Log): Promise<void> {
  try {
    const { versions } = await prune(installation.addon(), installation.dataDir);
    if (versions.length > 0) log.write('info', 'removed old versions', { versions });
  } catch (error) {
    log.write('warning', `old versions were not removed: ${String(error)}`);
  }
  // Not at once: the collector must have freed the buffers before.
  await sleep(TRIM_AFTER_MS, undefined, { ref: false });
  installation.addon().trimMemory();
}

/**
 * What nobody caught is a fault of ours in an unknown state. The service manager starts a
 * new server; going on could answer requests wrongly.
 */
function dieLoudly(log: Log): void {
  process.on('uncaughtException', (thrown) => {
    const { message, code, remedy, exitStatus } = asProductError(thrown);
    log.write('error', message, { code, remedy });
    log.end();
    process.exit(exitStatus);
  });
}
