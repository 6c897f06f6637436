import { expect, test } from 'vitest';
import type { Exchange } from '../../../../runtime/php/exchange.ts';
import { WaitingQueue } from '../../../../runtime/php/queue.ts';
import { RecentRequests } from '../../../../runtime/php/recent.ts';
import type { PhpRequestHead } from '../../../../runtime/php/types.ts';

const waiting = (serial: number, isOver = false): Exchange =>
  ({ serial, isOver }) as unknown as Exchange;

function drain(queue: WaitingQueue): number[] {
  const found: number[] = [];
  for (let next = queue.shift(); next; next = queue.shift()) found.push(next.serial);
  return found;
}

test('requests leave the queue in the order they came, those that ended do not', () => {
  const queue = new WaitingQueue();
  for (let i = 0; i < 5000; i++) queue.push(waiting(i, i % 3 === 0));
  expect(queue.all()).toHaveLength(3333);
  const wanted = Array.from({ length: 5000 }, (_, i) => i).filter((i) => i % 3 !== 0);
  expect(drain(queue)).toEqual(wanted);
  expect(queue.peek()).toBeUndefined();
});

test('requests that ended behind one that waits are not kept, nor those that were served', () => {
  const queue = new WaitingQueue();
  queue.push(waiting(0));
  for (let i = 1; i < 10_000; i++) queue.push(waiting(i, true));
  expect(queue.keptEntries).toBeLessThan(200);
  for (let i = 0; i < 1000; i++) queue.push(waiting(i));
  for (let i = 0; i < 990; i++) queue.shift();
  expect(queue.keptEntries).toBeLessThan(200);
  expect(queue.all()).toHaveLength(11);
});

test('requests of a dead zygote go ahead of all others', () => {
  const queue = new WaitingQueue();
  for (const serial of [1, 2, 3]) queue.push(waiting(serial));
  queue.shift();
  queue.unshiftAll([waiting(10), waiting(11)]);
  queue.push(waiting(4));
  expect(drain(queue)).toEqual([10, 11, 2, 3, 4]);
});

test('a late log line finds its request, an ancient one finds none', () => {
  const recent = new RecentRequests();
  const heads = Array.from(
    { length: 300 },
    (_, i) => ({ method: `${i}` }) as PhpRequestHead,
  );
  heads.forEach((head, i) => recent.remember(i + 1, head, 1000));
  expect(recent.find(300)).toBe(heads[299]);
  expect(recent.find(100)).toBe(heads[99]);
  expect(recent.find(1)).toBeUndefined();
  expect(recent.find(0)).toBeUndefined();
});

test('of a large head a late log line finds all but the headers', () => {
  const recent = new RecentRequests();
  const head = { method: 'GET', target: '/', rawHeaders: ['Cookie', 'x'.repeat(30_000)] };
  recent.remember(1, head as unknown as PhpRequestHead, 30_100);
  expect(recent.find(1)).toEqual({ method: 'GET', target: '/', rawHeaders: [] });
});

test('serials above 2^31 are found as well', () => {
  const recent = new RecentRequests();
  const head = { method: 'GET' } as PhpRequestHead;
  recent.remember(0xffffffff, head, 1000);
  expect(recent.find(0xffffffff)).toBe(head);
});
