import { afterEach, expect, test } from 'vitest';
import { type FakePool, openFakePool } from './fake.ts';
import { send, until } from './request.ts';

const open: FakePool[] = [];

function openPool(): FakePool {
  const fake = openFakePool({ workers: 4 });
  open.push(fake);
  return fake;
}

afterEach(async () => {
  for (const { pool } of open.splice(0)) await pool.close();
});

test('a short log text names its request and its process', async () => {
  const { pool, log, workerPids } = openPool();
  const variables = ['WHO', 'me'];
  await send(pool, 'log=6', { kind: 'none' }, { variables }).settled();
  await until(() => log.length > 0, 'the entry');
  expect(log[0]).toMatchObject({ level: 'warning', text: 'äää', request: { variables } });
  expect(workerPids()).toContain(log[0]!.pid);
});

test('a text of a request that has waited behind many others names it', async () => {
  const { pool, log } = openPool();
  for (let i = 0; i < 600; i++) send(pool, i === 20 ? 'log=6&sleep=30' : 'bytes=1');
  await pool.drain();
  await until(() => log.length > 0, 'the entry');
  expect(log[0]!.request?.queryString).toBe('log=6&sleep=30');
});

test('long texts of several workers at once come whole', async () => {
  const { pool, log } = openPool();
  const lengths = [100_000, 100_002, 100_004, 100_006, 100_008, 100_010, 50_000, 4080];
  for (const length of lengths) send(pool, `log=${length}`);
  await until(() => log.length === lengths.length, 'all entries');
  const texts = log.map((entry) => entry.text.length * 2).sort((a, b) => a - b);
  expect(texts).toEqual(lengths.toSorted((a, b) => a - b));
  expect(log.every((entry) => /^ä+$/.test(entry.text))).toBe(true);
});

test('a text that is not UTF-8 is logged with replacement characters', async () => {
  const { pool, log } = openPool();
  await send(pool, 'log=3').settled();
  await until(() => log.length > 0, 'the entry');
  expect(log[0]!.text).toBe('ä\ufffd');
});
