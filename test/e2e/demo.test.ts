import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { removeTree } from '../apps/cache.ts';

const repository = path.join(import.meta.dirname, '../..');
const clone = await fs.mkdtemp(path.join(tmpdir(), 'phpack-e2e-demo-'));

afterAll(() => removeTree(clone));

/** The repository's files as a clone would have them; node_modules is the only thing shared. */
async function makeClone(): Promise<void> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: repository, encoding: 'utf8' });
  for (const file of files.split('\0').filter(Boolean)) {
    const from = path.join(repository, file);
    const isThere = await fs.lstat(from).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    await fs.mkdir(path.dirname(path.join(clone, file)), { recursive: true });
    await fs.cp(from, path.join(clone, file), { verbatimSymlinks: true });
  }
  const modules = path.join(repository, 'node_modules');
  await fs.symlink(modules, path.join(clone, 'node_modules'));
}

test('npm run demo serves WordPress from a clone in which nothing was built', async () => {
  await makeClone();
  const words = ['bootstrap/main.ts', 'demo', '127.0.0.1:0'];
  const demo = spawn(process.execPath, words, {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => demo.on('close', resolve));
  let said = '';
  const { promise: listening, resolve } = Promise.withResolvers<string>();
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const url = /"msg":"listening","url":"([^"]+)"/.exec(said)?.[1];
      if (url) resolve(url);
    });
  }
  try {
    const url = await Promise.race([listening, ended]);
    expect(url, said).toMatch(/^http:/);
    const page = await fetch(`${url}/`);
    expect(await page.text()).toContain('WordPress');
    expect(page.url).toContain('/wp-admin/install.php');
  } finally {
    demo.kill('SIGTERM');
  }
  expect(await ended, said).toBe(0);
});
