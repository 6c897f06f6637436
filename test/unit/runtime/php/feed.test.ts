import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import type { Channel } from '../../../../runtime/php/channel.ts';
import { BytesFeed, StreamFeed } from '../../../../runtime/php/feed.ts';
import {
  REQUEST_RING,
  REQUEST_RING_OFFSET,
  SLOT_BYTES,
  SLOTS_OFFSET,
  slot as field,
} from '../../../../runtime/php/layout.ts';

afterEach(() => vi.restoreAllMocks());

type Store = (array: Int32Array, index: number, value: number) => number;

function word(offset: number): number {
  return (SLOTS_OFFSET + offset) >> 2;
}

/** A channel of one slot, without processes. */
function openMemory() {
  const memory = new ArrayBuffer(SLOTS_OFFSET + SLOT_BYTES);
  const words = new Int32Array(memory);
  const bytes = Buffer.from(memory);
  const ringBell = vi.fn();
  const channel = { words, bytes, ringBell } as unknown as Channel;
  const ring = SLOTS_OFFSET + REQUEST_RING_OFFSET;
  return {
    channel,
    ringBell,
    get: (offset: number) => words[word(offset)]!,
    set: (offset: number, value: number) => {
      words[word(offset)] = value;
    },
    ring: bytes.subarray(ring, ring + REQUEST_RING),
  };
}

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));

test('a body larger than the ring goes on where the worker has read', () => {
  const { channel, ringBell, get, set, ring } = openMemory();
  const feed = new BytesFeed(bytes);
  feed.start(channel, 0);
  expect(get(field.body_written)).toBe(REQUEST_RING);
  expect(get(field.front_waits)).toBe(1);
  expect(get(field.body_ended)).toBe(0);
  expect(ring.equals(bytes.subarray(0, REQUEST_RING))).toBe(true);
  set(field.body_read, 40_000);
  feed.pump();
  expect(get(field.body_written)).toBe(100_000);
  expect(get(field.body_ended)).toBe(1);
  expect(ring.subarray(0, 100_000 - REQUEST_RING)).toEqual(bytes.subarray(REQUEST_RING));
  expect(ringBell).toHaveBeenCalled();
});

test('a worker that read just before the front wanted news is not waited for', () => {
  const { channel, get, set } = openMemory();
  const store: Store = Atomics.store.bind(Atomics);
  const front = vi.spyOn(Atomics as { store: Store }, 'store');
  front.mockImplementation((array, index, value) => {
    // The last moment in which the worker finds that nobody waits for news.
    if (index === word(field.front_waits)) set(field.body_read, REQUEST_RING);
    return store(array, index, value);
  });
  new BytesFeed(bytes).start(channel, 0);
  expect(get(field.body_written)).toBe(100_000);
  expect(get(field.body_ended)).toBe(1);
});

test('positions wrap at 2^32 without losing a byte', () => {
  const { channel, get, set, ring } = openMemory();
  const feed = new BytesFeed(bytes);
  feed.start(channel, 0);
  feed.written = 2 ** 32 - 30_000;
  set(field.body_read, -30_000);
  feed.pump();
  const rest = bytes.subarray(REQUEST_RING);
  expect(get(field.body_written)).toBe(rest.length - 30_000);
  const first = ring.subarray(-30_000);
  const second = ring.subarray(0, rest.length - 30_000);
  expect(Buffer.concat([first, second])).toEqual(rest);
});

test('a worker that has read what nobody wrote breaks the body off', () => {
  const { channel, set } = openMemory();
  const feed = new BytesFeed(bytes);
  feed.start(channel, 0);
  set(field.body_read, REQUEST_RING + 1);
  expect(() => feed.pump()).toThrow(/damaged/);
});

test('a body that was given up is not written any more', () => {
  const { channel, get, set } = openMemory();
  const feed = new BytesFeed(bytes);
  feed.start(channel, 0);
  feed.stop(true);
  expect(get(field.body_ended)).toBe(2);
  set(field.body_read, REQUEST_RING);
  feed.pump();
  expect(get(field.body_written)).toBe(REQUEST_RING);
});

test('a stream that failed before it was asked for is a body that broke off', () => {
  const { channel, get } = openMemory();
  const stream = new PassThrough();
  stream.destroy();
  new StreamFeed(stream).start(channel, 0);
  expect(get(field.body_ended)).toBe(2);
});

test('errors of a stream nobody reads any more end nothing', async () => {
  const { channel } = openMemory();
  const stream = new PassThrough();
  const feed = new StreamFeed(stream);
  feed.start(channel, 0);
  feed.stop(false);
  stream.destroy(new Error('reset by peer'));
  await new Promise((resolve) => stream.once('close', resolve));
  expect(stream.listenerCount('data')).toBe(0);
});
