import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, runAny } from '../apps/run.ts';

export interface Mariadb {
  socket: string;
  query(sql: string): Promise<string>;
  stop(): Promise<void>;
}

/** A database server of its own below `dir`, without network; ends with stop(). */
export async function startMariadb(dir: string): Promise<Mariadb> {
  const data = path.join(dir, 'mariadb');
  const socket = path.join(data, 'server.sock');
  await fs.mkdir(data);
  // The server refuses to run as root; `nobody` must reach its files.
  await fs.chmod(dir, 0o755);
  await run('chown', ['nobody', data]);
  const common = ['--no-defaults', '--user=nobody', `--datadir=${data}`];
  await run('mariadb-install-db', [
    ...common,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const child = spawn(
    'mariadbd',
    [...common, `--socket=${socket}`, '--skip-networking'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const client = ['--no-defaults', `--socket=${socket}`, '--user=root', '--batch'];
  for (let tries = 0; ; tries++) {
    const { status } = await runAny('mariadb', [...client, '--execute=SELECT 1']);
    if (status === 0) break;
    if (tries === 60 || child.exitCode !== null) throw new Error(`mariadbd: ${log}`);
    await sleep(500);
  }
  return {
    socket,
    query: (sql) => run('mariadb', [...client, `--execute=${sql}`]),
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.on('close', () => resolve());
  child.kill('SIGTERM');
  await promise;
}
