import { spawn } from 'node:child_process';
import type { Io } from '../io.ts';

/** Runs a command of a check; whether it helped, the next look at the machine says. */
export async function runFix(command: string, io: Io): Promise<void> {
  io.stdout(`# ${command}\n`);
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...io.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  child.on('error', (error) => {
    io.stderr(`${error.message}\n`);
    resolve();
  });
  child.on('close', () => resolve());
  await promise;
}
