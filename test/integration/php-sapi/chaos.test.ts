import { expect, test } from 'vitest';
import * as layout from '../../../runtime/php/layout.ts';
import { countSlots } from '../channel/fake.ts';
import { type Collector, killIfThere } from '../channel/request.ts';
import { Php, type PhpRequest } from './php.ts';

const bytes = Buffer.alloc(200_000, 'abcdefgh');

/** What clients ask for at the same time, and the one answer that is right. */
const kinds: { code: string; request: PhpRequest; answer: string }[] = [
  { code: 'echo "short";', request: {}, answer: 'short' },
  {
    code: 'echo file_get_contents("php://input");',
    request: { method: 'PUT', body: { kind: 'bytes', bytes } },
    answer: bytes.toString(),
  },
  {
    code: 'for ($i = 0; $i < 60; $i++) { echo str_repeat("y", 9000); flush(); }',
    request: {},
    answer: 'y'.repeat(540_000),
  },
  {
    code: 'echo "early"; fastcgi_finish_request(); error_log(str_repeat("l", 9000));',
    request: {},
    answer: 'early',
  },
  {
    code: 'session_id("s"); session_start(); usleep(500); echo "locked";',
    request: {},
    answer: 'locked',
  },
];

test('a worker may be killed anywhere: only its own request suffers', async () => {
  const php = new Php({ workers: 3, maxRequests: 40 });
  await php.pool.ready;
  const end = performance.now() + 6000;
  const isRunning = (): boolean => performance.now() < end;
  let kills = 0;
  let wrong = 0;
  const outcomes = { right: 0, crashed: 0 };
  const check = (response: Collector, answer: string): void => {
    if (response.errors.length > 0) wrong++;
    else if (response.failure?.reason === 'crashed') outcomes.crashed++;
    else if (response.failure === null && response.body.toString() === answer) {
      outcomes.right++;
    } else wrong++;
  };
  const client = async (first: number): Promise<void> => {
    for (let i = first; isRunning(); i++) {
      const { code, request, answer } = kinds[i % kinds.length]!;
      check(await php.get(code, request), answer);
    }
  };
  const killer = async (): Promise<void> => {
    while (isRunning()) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      const pids = php.workerPids();
      const victim = pids[Math.floor(Math.random() * pids.length)];
      // A worker leaves by itself after its 40 requests.
      if (victim !== undefined && killIfThere(victim)) kills++;
    }
  };
  const all = [0, 1, 2, 3, 4, 5, 6, 7].map((first) => client(first));
  const killing = killer();
  await killing;
  await Promise.all(all);
  await php.pool.drain();
  expect(wrong).toBe(0);
  expect(kills).toBeGreaterThan(5);
  expect(outcomes.crashed).toBeLessThanOrEqual(kills);
  expect(outcomes.right).toBeGreaterThan(20);
  const words = php.words();
  expect(countSlots(words, layout.FREE)).toBe(words[layout.channel.slot_count >> 2]);
});
