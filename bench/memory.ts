// node bench/memory.ts [ATTACK…] [--connections 150,900] [--limit MB] [--product FILE]
//
// What a visitor without a login can make the server hold, and whether others are served
// meanwhile: every attack on a new server in a control group with a memory limit.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { removeTree } from '../test/apps/cache.ts';
import { buildProduct } from '../test/e2e/product.ts';
import { type Server, startServer } from '../test/e2e/server.ts';
import { type Attack, attack, attacks } from './attacks.ts';
import { createMemoryGroup } from './limited.ts';

const HELD_MS = 4000;
const VISITS = 40;
const VISIT_LIMIT_MS = 5000;

interface Row {
  peakMb: number;
  afterMb: number;
  served: number;
  slowestMs: number;
  open: number;
  verdict: string;
}

function writeSite(parent: string): string {
  const site = join(parent, 'attacked');
  mkdirSync(site);
  const files: Readonly<Record<string, string | Buffer>> = {
    'index.php': "<?php echo 'Hello, world';\n",
    'slow.php': "<?php sleep(8); echo 'late';\n",
    'big.php':
      "<?php $p = str_repeat('0123456789abcdef', 4096); for ($i = 0; $i < 320; $i++) echo $p;\n",
    'page.php': "<?php echo str_repeat('0123456789abcdef', 12500);\n",
    'small.css': 'a { color: red }\n'.repeat(603),
    'big.bin': Buffer.alloc(4 << 20, 'phpack'),
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(site, name), content);
  }
  return site;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Visits one by one while the attack holds; a late or wrong answer is none. */
async function visit(url: string, row: Row): Promise<void> {
  const startedAt = performance.now();
  try {
    const signal = AbortSignal.timeout(VISIT_LIMIT_MS);
    const response = await fetch(url, { signal, headers: { connection: 'close' } });
    await response.arrayBuffer();
    if (response.status === 200) row.served++;
  } catch {
    // Not served.
  }
  row.slowestMs = Math.max(row.slowestMs, performance.now() - startedAt);
}

async function run(server: Server, kind: Attack, connections: number): Promise<Row> {
  const { pid } = server.process;
  const row: Row = {
    peakMb: 0,
    afterMb: 0,
    served: 0,
    slowestMs: 0,
    open: 0,
    verdict: 'ok',
  };
  const look = (): void => {
    try {
      row.peakMb = Math.max(row.peakMb, residentMb(pid!));
    } catch {
      row.verdict = 'DIED';
    }
  };
  const watch = setInterval(look, 100);
  const sockets = new Set<Socket>();
  for (let index = 0; index < connections; index++) {
    attack(kind, server.port, index, sockets);
    if (index % 50 === 49) await sleep(20);
  }
  const until = performance.now() + HELD_MS;
  for (let i = 0; i < VISITS || performance.now() < until; i++) {
    if (i >= VISITS) await sleep(50);
    else await visit(`${server.url}/${kind.takesPhp || i % 2 ? 'small.css' : ''}`, row);
    if (row.verdict !== 'ok') break;
  }
  row.open = sockets.size;
  for (const socket of sockets) socket.resetAndDestroy();
  await sleep(3000);
  clearInterval(watch);
  look();
  if (row.verdict === 'ok') row.afterMb = residentMb(pid!);
  return row;
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      connections: { type: 'string', default: '150,900' },
      limit: { type: 'string', default: '512' },
      product: { type: 'string' },
    },
  });
  const wanted = attacks.filter(
    ({ name }) =>
      positionals.length === 0 || positionals.some((word) => name.includes(word)),
  );
  const dir = mkdtempSync(join(tmpdir(), 'phpack-bench-'));
  try {
    const product = values.product ?? join(dir, 'product');
    if (!values.product) await buildProduct(writeSite(dir), product);
    console.log(
      `${'attack'.padEnd(36)} connections  still open  peak MB  after MB  group MB  ` +
        'visitors  slowest ms',
    );
    for (const kind of wanted) {
      for (const count of values.connections.split(',').map(Number)) {
        console.log(await rowOf(kind, count, product, dir, Number(values.limit)));
      }
    }
    return 0;
  } finally {
    await removeTree(dir);
  }
}

async function rowOf(
  kind: Attack,
  count: number,
  product: string,
  dir: string,
  limitMb: number,
): Promise<string> {
  const group = createMemoryGroup(limitMb << 20);
  const server = await startServer(product, {
    dataDir: join(dir, 'data'),
    args: ['--workers', '4', '--drain-timeout', '1s'],
    ...(group && {
      through: (binary, args) => [
        '/bin/sh',
        ['-c', `echo $$ > ${group.processesFile}; exec "$0" "$@"`, binary, ...args],
      ],
    }),
  });
  const row = await run(server, kind, count);
  await server.stop(row.verdict === 'ok' ? 'SIGTERM' : 'SIGKILL');
  const kills = group?.kills() ?? 0;
  const groupMb = (group?.peakBytes() ?? 0) / (1 << 20);
  await sleep(200);
  group?.remove();
  return [
    kind.name.padEnd(36),
    String(count).padStart(11),
    String(row.open).padStart(11),
    row.peakMb.toFixed(0).padStart(8),
    row.afterMb.toFixed(0).padStart(9),
    groupMb.toFixed(0).padStart(9),
    `${row.served}/${VISITS}`.padStart(9),
    row.slowestMs.toFixed(0).padStart(11),
    kills > 0 ? ` ${kills} killed by the kernel` : '',
    row.verdict === 'ok' ? '' : ' the server ended',
  ]
    .join(' ')
    .trimEnd();
}

process.exitCode = await main(process.argv.slice(2));
