import { afterEach, expect, test } from 'vitest';
import { channel, FREE } from '../../../runtime/php/layout.ts';
import { countSlots, type FakeOptions, type FakePool, openFakePool } from './fake.ts';
import { Random, type Sent, sendRandom, violations } from './fuzz.ts';
import { killIfThere, until } from './request.ts';

// PHPACK_FUZZ_ROUNDS=100 runs longer, PHPACK_FUZZ_SEED=7 repeats one round.
const rounds = Number(process.env.PHPACK_FUZZ_ROUNDS ?? 1);
const firstSeed = Number(process.env.PHPACK_FUZZ_SEED ?? 1);
const seeds = Array.from({ length: 4 * rounds }, (_, index) => firstSeed + index);

let fake: FakePool | null = null;

afterEach(async () => {
  await fake?.pool.close();
  fake = null;
});

interface Fuzz {
  requests: number;
  mayAbort: boolean;
  /** Chance of an own request to kill a random worker meanwhile, one in so many. */
  killsOneIn: number;
}

async function run(seed: number, options: FakeOptions, fuzz: Fuzz): Promise<Sent[]> {
  const random = new Random(seed);
  const opened = openFakePool({
    workers: 1 + random.below(6),
    ...options,
    env: { FAKE_SEED: `${seed}`, FAKE_PAUSES: '20', ...options.env },
  });
  fake = opened;
  const all: Sent[] = [];
  let open = 0;
  for (let i = 0; i < fuzz.requests; i++) {
    const sent = sendRandom(opened.pool, random, fuzz.mayAbort);
    all.push(sent);
    open++;
    void sent.sink.settled().then(() => open--);
    if (fuzz.killsOneIn && random.isOneIn(fuzz.killsOneIn)) killOne(opened, random);
    if (open > 40 + random.below(300)) await until(() => open < 40, 'requests to end');
    if (random.isOneIn(8)) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => open === 0, `all requests to end with seed ${seed}`);
  return all;
}

function killOne({ workerPids }: FakePool, random: Random): void {
  const pids = workerPids();
  if (pids.length > 0) killIfThere(pids[random.below(pids.length)]!);
}

/** No slot is lost, and every worker is back at its place. */
async function expectNothingLost(): Promise<void> {
  const { pool, words } = fake!;
  await pool.drain();
  const memory = words();
  expect(countSlots(memory, FREE)).toBe(memory[channel.slot_count >> 2]);
  expect(pool.stats()).toMatchObject({ busy: 0, queued: 0 });
  // Of the current memory: a zygote that was killed may not have its successor yet.
  const asleep = (): number => bits(words()[channel.sleeping >> 2]!);
  await until(() => asleep() === words()[channel.worker_count >> 2], 'all asleep');
}

function bits(word: number): number {
  return word.toString(2).replaceAll('0', '').length;
}

test.each(seeds)(
  'all bytes arrive, whatever the sizes and pauses (seed %i)',
  async (seed) => {
    const all = await run(seed, {}, { requests: 400, mayAbort: false, killsOneIn: 0 });
    expect(violations(all, [])).toEqual([]);
    expect(all.every(({ sink }) => sink.isEnded)).toBe(true);
    await expectNothingLost();
  },
);

test.each(seeds)(
  'clients that leave at any moment cost no slot (seed %i)',
  async (seed) => {
    const options = { maxRequests: 1 + (seed % 7) };
    const all = await run(seed, options, {
      requests: 600,
      mayAbort: true,
      killsOneIn: 0,
    });
    expect(violations(all, [])).toEqual([]);
    await expectNothingLost();
  },
);

test.each(seeds)('workers killed at any moment cost no slot (seed %i)', async (seed) => {
  const all = await run(seed, {}, { requests: 600, mayAbort: true, killsOneIn: 10 });
  expect(violations(all, ['crashed'])).toEqual([]);
  await expectNothingLost();
});

test.each(seeds)(
  'workers that die between any two steps cost no slot (seed %i)',
  async (seed) => {
    const options = { env: { FAKE_DEATHS: '30' }, maxRequests: 5 };
    const all = await run(seed, options, {
      requests: 600,
      mayAbort: true,
      killsOneIn: 0,
    });
    expect(violations(all, ['crashed'])).toEqual([]);
    expect(all.some(({ sink }) => sink.failure?.reason === 'crashed')).toBe(true);
    await fake!.pool.drain();
    const memory = fake!.words();
    expect(countSlots(memory, FREE)).toBe(memory[channel.slot_count >> 2]);
  },
);

test.each(seeds)(
  'a zygote killed under load costs only what ran (seed %i)',
  async (seed) => {
    const kill = setInterval(() => {
      if (fake?.pool.zygotePid) process.kill(fake.pool.zygotePid, 'SIGKILL');
    }, 700);
    try {
      const all = await run(seed, {}, { requests: 800, mayAbort: true, killsOneIn: 0 });
      clearInterval(kill);
      expect(violations(all, ['zygote-died', 'crashed'])).toEqual([]);
      await expectNothingLost();
    } finally {
      clearInterval(kill);
    }
  },
);
