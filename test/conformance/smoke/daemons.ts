// PostgreSQL and Redis of Debian, each started for one run on a Unix socket of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Daemon {
  /** What clients are told: a directory for PostgreSQL, a socket for Redis. */
  address: string;
  stop(): Promise<void>;
}

/** Both daemons refuse or dislike root; this user is on every machine. */
const NOBODY = 65534;

const unprivileged = (): { uid?: number; gid?: number } =>
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** A cluster with the superuser smoke / secret and the database smoke, by SCRAM only. */
export async function startPostgres(dir: string): Promise<Daemon> {
  const bin = globSync('/usr/lib/postgresql/*/bin').toSorted().at(-1);
  if (!bin) throw new Error('PostgreSQL is missing: apt-get install postgresql');
  const home = ownDirectory(dir, 'postgres');
  const data = join(home, 'data');
  writeFileSync(join(home, 'password'), 'secret\n', { mode: 0o644 });
  await finish(join(bin, 'initdb'), [
    '-D',
    data,
    ...'-U smoke -A scram-sha-256 --no-sync --encoding=UTF8 --locale=C'.split(' '),
    `--pwfile=${join(home, 'password')}`,
  ]);
  const postgres = join(bin, 'postgres');
  await finish(
    postgres,
    ['--single', '-D', data, 'postgres'],
    'CREATE DATABASE smoke;\n',
  );
  const settings = ['fsync=off', 'listen_addresses=', `unix_socket_directories=${home}`];
  const child = start(postgres, [
    '-D',
    data,
    ...settings.flatMap((word) => ['-c', word]),
  ]);
  await answering(child, join(home, '.s.PGSQL.5432'));
  // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients.
  return { address: home, stop: () => ended(child, 'SIGINT') };
}

export async function startRedis(dir: string): Promise<Daemon> {
  const home = ownDirectory(dir, 'redis');
  const socket = join(home, 'socket');
  const child = start('redis-server', [
    ...'--port 0 --unixsocketperm 777 --appendonly no'.split(' '),
    '--save',
    '',
    '--unixsocket',
    socket,
    '--dir',
    home,
  ]);
  await answering(child, socket);
  return { address: socket, stop: () => ended(child, 'SIGTERM') };
}

function ownDirectory(dir: string, name: string): string {
  chmodSync(dir, 0o755);
  const home = join(dir, name);
  mkdirSync(home, { mode: 0o755 });
  const { uid, gid } = unprivileged();
  if (uid !== undefined && gid !== undefined) chownSync(home, uid, gid);
  return home;
}

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { ...unprivileged(), cwd: '/', stdio: 'pipe' });
  // Kept for the message of a failed start; nothing else reads it.
  child.stdout?.on('data', (chunk: Buffer) => note(child, chunk));
  child.stderr?.on('data', (chunk: Buffer) => note(child, chunk));
  child.on('error', (error) => note(child, Buffer.from(error.message)));
  return child;
}

const notes = new WeakMap<ChildProcess, string>();

function note(child: ChildProcess, chunk: Buffer): void {
  notes.set(child, `${notes.get(child) ?? ''}${chunk.toString()}`.slice(-4000));
}

async function finish(
  program: string,
  args: readonly string[],
  input = '',
): Promise<void> {
  const child = start(program, args);
  child.stdin?.end(input);
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${program} failed:\n${notes.get(child)}`);
}

async function answering(child: ChildProcess, socket: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) break;
    if (await accepts(socket)) return;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnfile} does not answer:\n${notes.get(child) ?? ''}`);
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill(signal);
  await closed;
}
