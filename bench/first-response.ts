import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../test/apps/run.ts';
import { freePort } from '../test/conformance/peer-server.ts';
import { startProduct, type Workshop } from './contenders.ts';
import { type Site, WORKERS } from './scenarios.ts';

export interface FirstResponse {
  /** Milliseconds from exec to the last byte of the first answer, nothing unpacked. */
  coldMs: number;
  /** The same with the payload already extracted. */
  warmMs: number;
}

/**
 * Starts the product twice: once where nothing is unpacked, once on what that left. An
 * application is installed, so that its front page answers and not its installer.
 */
export async function firstResponse(
  workshop: Workshop,
  site: Site,
): Promise<FirstResponse> {
  const binary = await workshop.product(site);
  const dataDir = join(workshop.dir, 'data-first');
  const installed = workshop.dataDir(site);
  if (!existsSync(installed)) await (await startProduct(workshop, site)).stop();
  try {
    mkdirSync(dataDir, { mode: 0o700 });
    for (const name of ['var', 'state']) {
      const from = join(installed, name);
      if (existsSync(from)) cpSync(from, join(dataDir, name), { recursive: true });
    }
    // Unpacking flushes the file system: not what this benchmark has written before.
    await run('sync', []);
    const coldMs = await startUntilAnswer(binary, dataDir);
    const warmMs = await startUntilAnswer(binary, dataDir);
    return { coldMs, warmMs };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function startUntilAnswer(binary: string, dataDir: string): Promise<number> {
  const port = await freePort();
  const args = `--listen 127.0.0.1:${port} --workers ${WORKERS} --data-dir`.split(' ');
  const start = performance.now();
  const child = spawn(binary, [...args, dataDir], { env: {}, stdio: 'ignore' });
  const ended = once(child, 'close');
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`${binary} ended: ${child.exitCode}`);
      await sleep(2);
    }
    return performance.now() - start;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** One request to its end; false while nobody listens. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path: '/' }, (response) => {
      response.resume();
      response.on('end', () => resolve(true));
      response.on('error', () => resolve(false));
    });
    sent.on('error', () => resolve(false));
    sent.end();
  });
}
