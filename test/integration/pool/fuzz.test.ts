import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Random, type Sent, sendRandom, violations } from '../channel/fuzz.ts';
import { killIfThere, until } from '../channel/request.ts';
import { PhpSite } from './php.ts';

// As in test/integration/channel/fuzz.test.ts.
const rounds = Number(process.env.PHPACK_FUZZ_ROUNDS ?? 1);
const firstSeed = Number(process.env.PHPACK_FUZZ_SEED ?? 1);
const seeds = Array.from({ length: 2 * rounds }, (_, index) => firstSeed + index);

/** What the fake peer of the channel's tests does, in PHP. */
const script = `
parse_str($_SERVER['QUERY_STRING'], $do);
if (isset($do['sleep'])) usleep(1000 * (int) $do['sleep']);
if (isset($do['log'])) error_log(str_repeat('x', 1 + (int) $do['log']));
if (isset($do['bytes'])) {
  $turn = '';
  for ($i = 0; $i < 256 * 251; $i++) $turn .= chr(($i * 7 + intdiv($i, 251)) & 255);
  for ($left = (int) $do['bytes']; $left > 0; $left -= strlen($turn)) {
    echo $left < strlen($turn) ? substr($turn, 0, $left) : $turn;
    if (mt_rand(0, 9) === 0) flush();
  }
}
$in = fopen('php://input', 'r');
if (isset($do['echo'])) {
  while (($part = fread($in, mt_rand(1, 30000))) !== '' && $part !== false) echo $part;
}
if (isset($do['hash'])) {
  $n = $sum = 0;
  while (($part = fread($in, 8192)) !== '' && $part !== false) {
    $n += strlen($part);
    foreach (unpack('C*', $part) as $byte) $sum = ($sum * 31 + $byte) & 0xffffffff;
  }
  echo "$n $sum $_SERVER[ENDED]";
}
if (isset($do['early'])) { fastcgi_finish_request(); usleep(1000 * (int) $do['early']); }
`;

let site: PhpSite | null = null;

afterEach(async () => {
  await site?.close();
  site = null;
});

async function run(seed: number, mayAbort: boolean, killsOneIn: number): Promise<Sent[]> {
  const random = new Random(seed);
  const options = { workers: 1 + random.below(5), maxRequests: 20 + random.below(50) };
  const opened = new PhpSite({ 'index.php': script }, options);
  site = opened;
  const scriptFilename = join(opened.root, 'index.php');
  const over = { method: 'PUT', documentRoot: opened.root, scriptFilename };
  const all: Sent[] = [];
  let open = 0;
  for (let i = 0; i < 400; i++) {
    const sent = sendRandom(opened.pool, random, mayAbort, over);
    all.push(sent);
    open++;
    void sent.sink.settled().then(() => open--);
    const pids = opened.workerPids();
    if (killsOneIn && random.isOneIn(killsOneIn) && pids.length > 0) {
      killIfThere(pids[random.below(pids.length)]!);
    }
    if (open > 20 + random.below(100)) await until(() => open < 20, 'requests to end');
  }
  await until(() => open === 0, `all requests to end with seed ${seed}`);
  await opened.pool.drain();
  expect(opened.pool.stats()).toMatchObject({ busy: 0, queued: 0 });
  return all;
}

test.each(seeds)(
  'PHP gets and gives all bytes, whatever the sizes (seed %i)',
  async (seed) => {
    const all = await run(seed, false, 0);
    expect(violations(all, [])).toEqual([]);
    expect(all.every(({ sink }) => sink.isEnded)).toBe(true);
    expect(site!.pool.stats()).toMatchObject({ served: all.length, crashes: 0 });
  },
);

test.each(seeds)(
  'PHP killed and left at any moment costs no slot (seed %i)',
  async (seed) => {
    const all = await run(seed, true, 8);
    expect(violations(all, ['crashed'])).toEqual([]);
  },
);
