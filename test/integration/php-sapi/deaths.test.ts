import { expect, test } from 'vitest';
import { type Collector, killIfThere } from '../channel/request.ts';
import { Php } from './php.ts';

/** 200 of each were tried by hand; PHPACK_FUZZ_ROUNDS as in fuzz.test.ts. */
const rounds = Number(process.env.PHPACK_FUZZ_ROUNDS ?? 1);
const deaths = 30 * rounds;

/** Uses all that workers share, half of the time under some lock of it. */
const load = `
  function load($n) {
    static $i = 0;
    $text = str_repeat('x', mt_rand(1, 5000));
    for ($end = $i + $n; $i < $end; $i++) {
      apcu_store('k' . mt_rand(0, 500), $text);
      apcu_inc('n'); apcu_fetch('k' . mt_rand(0, 500)); apcu_delete('k' . mt_rand(0, 500));
      apcu_entry('e' . mt_rand(0, 50), fn () => usleep(50) ?? $text, 1);
      $file = __DIR__ . '/lib' . mt_rand(0, 9) . '.inc';
      opcache_invalidate($file, true);
      include $file;
      session_id('s' . mt_rand(0, 3)); session_start(); $_SESSION['n'] = $text; session_write_close();
    }
  }`;

const deaf = 'pcntl_sigprocmask(SIG_BLOCK, [64]);';
const kinds = {
  fast: 'load(2); echo "right";',
  told: 'for (;;) load(1);',
  deaf: `${deaf} for (;;) load(1);`,
};

test('whatever ends a worker that uses what all share, nothing is stuck', async () => {
  const php = new Php({
    workers: 6,
    requestTimeoutMs: 1000,
    requestGraceMs: 300,
    ini: {
      'apc.shm_size': '4M',
      'opcache.enable': 1,
      'opcache.file_update_protection': 0,
      'session.use_strict_mode': 0,
      'session.use_cookies': 0,
      'session.cache_limiter': '',
    },
  });
  const body = Array.from({ length: 60 }, (_, i) => `fn () => 'string ${i}'`).join(', ');
  for (let i = 0; i < 10; i++) php.file(`lib${i}.inc`, `<?php return [${body}, ${i}];`);
  const run = (kind: keyof typeof kinds): Promise<Collector> =>
    php.get(`${load} ${kinds[kind]}`);
  expect((await run('fast')).body.toString()).toBe('right');

  const ends = { right: 0, told: 0, killedOverLimit: 0, killedFromOutside: 0, wrong: 0 };
  const count = ({ failure, body: text }: Collector): void => {
    if (failure === null && text.toString() === 'right') ends.right++;
    else if (failure?.reason === 'crashed' && failure.signal === 9)
      ends.killedFromOutside++;
    else if (failure?.reason !== 'timeout') ends.wrong++;
    else if (failure.isKilled) ends.killedOverLimit++;
    else ends.told++;
  };
  const isDone = (): boolean =>
    ends.told + ends.killedOverLimit >= deaths && ends.killedFromOutside >= deaths;
  const client = async (kind: keyof typeof kinds): Promise<void> => {
    while (!isDone()) count(await run(kind));
  };
  const killer = async (): Promise<void> => {
    while (!isDone()) {
      await new Promise((resolve) => setTimeout(resolve, 500 * Math.random()));
      const pids = php.workerPids();
      const victim = pids[Math.floor(Math.random() * pids.length)];
      if (victim !== undefined) killIfThere(victim);
    }
  };
  await Promise.all([
    client('fast'),
    client('fast'),
    client('told'),
    client('told'),
    client('deaf'),
    client('deaf'),
    killer(),
  ]);
  const lost = (what: string): number =>
    php.texts().filter((text) => text.includes(`died while it changed ${what}`)).length;
  const table = { ...ends, apcuLost: lost('APCu'), opcacheLost: lost('OPcache') };
  if (rounds > 1) console.log(JSON.stringify(table));
  expect(ends.wrong).toBe(0);

  for (let i = 0; i < 30; i++) count(await run('fast'));
  expect(ends.wrong).toBe(0);
  const probe =
    'echo json_encode([apcu_store("a", 5), apcu_fetch("a"), ' +
    'opcache_get_status(false)["opcache_enabled"], session_id("s1"), session_start()]);';
  const after = await Promise.all(Array.from({ length: 12 }, () => php.json(probe)));
  for (const one of after) expect(one).toEqual([true, 5, true, '', true]);
});
