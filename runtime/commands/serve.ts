import { workerCount } from '../config/effective.ts';
import { type ErrorCode, ProductError } from '../errors.ts';
import { createFront } from '../http/front.ts';
import type { Log } from '../log.ts';
import { markInUse } from '../payload/lock.ts';
import { prune } from '../payload/prune.ts';
import { createPhpPool, type WorkerPool } from '../php/pool.ts';
import type { PhpLogEntry } from '../php/types.ts';
import { PhpStartError } from '../php/failure.ts';
import { type Installation, install } from '../product.ts';
import { type Command, installOptions } from './context.ts';
import { stopRequested } from './stop.ts';

/** Starts the server; resolves when it has been asked to stop and has done so. */
export const serve: Command = async (context) => {
  const { log, product } = context;
  const installation = await install(product, installOptions(context));
  const { config, dataDir, version } = installation;
  log.level = config.log.level;
  const addon = installation.addon();
  const endUse = version ? markInUse(addon, dataDir, version) : () => {};
  const pool = startPool(installation, log);
  const front = createFront({
    config,
    appRoot: installation.appRoot,
    variableRoot: installation.variableRoot,
    dataDir,
    pool,
    log,
  });
  try {
    await untilReady(pool);
    for (const url of await front.listen()) {
      log.write('info', 'listening', { url, app: installation.name, pid: process.pid });
    }
    log.flush();
    if (installation.isNew) void pruneOldVersions(installation, log);
    const signal = await stopRequested(log);
    log.write('info', 'stopping', { signal, graceMs: config.http.drainMs });
    await front.close(config.http.drainMs);
  } finally {
    await pool.close();
    endUse();
  }
  log.write('info', 'stopped');
  return 0;
};

function startPool(installation: Installation, log: Log): WorkerPool {
  const { config, php, channelPath, env } = installation;
  const { count, ...limits } = config.workers;
  return createPhpPool({
    channelPath,
    phpBinary: php.executable,
    env,
    ...limits,
    workers: workerCount(count),
    onLog: (entry) => logPhp(log, entry),
  });
}

/** What PHP says, with the request it said it in. */
function logPhp(log: Log, { level, text, pid, request }: PhpLogEntry): void {
  if (!log.has(level)) return;
  const about = request && {
    method: request.method,
    target: request.target,
    script: request.scriptFilename,
  };
  log.write(level, text, { source: 'php', pid, ...about });
}

async function untilReady(pool: WorkerPool): Promise<void> {
  try {
    await pool.ready;
  } catch (error) {
    if (!(error instanceof PhpStartError)) throw error;
    const code: ErrorCode = 'PHPACK_E_PHP_START';
    throw new ProductError(code, error.message, { cause: error });
  }
}

/** An old version's files go when the new one serves; a failure costs disk space only. */
async function pruneOldVersions(installation: Installation, log: Log): Promise<void> {
  try {
    const { versions } = await prune(installation.addon(), installation.dataDir);
    if (versions.length > 0) log.write('info', 'removed old versions', { versions });
  } catch (error) {
    log.write('warning', `old versions were not removed: ${String(error)}`);
  }
}
