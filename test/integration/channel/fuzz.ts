import { PassThrough } from 'node:stream';
import type { PhpPool, PhpRequestBody } from '../../../runtime/php/types.ts';
import type { PhpRequestHead } from '../../../runtime/php/types.ts';
import { Collector, hashAnswer, madeUpBytes, send } from './request.ts';

/** Repeatable numbers: the same seed makes the same requests (not the same timing). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2654435761) | 1) >>> 0;
    for (let i = 0; i < 4; i++) this.below(2);
  }

  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }

  isOneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** Mostly small, at times around a ring's size, seldom much more. */
  size(): number {
    const kind = this.below(20);
    if (kind < 12) return this.below(2000);
    if (kind < 16) return 65_530 + this.below(12);
    if (kind < 18) return 262_140 + this.below(10);
    return this.below(1_500_000);
  }
}

/** A sink that pauses, resumes and aborts as the seed wants it. */
class Capricious extends Collector {
  readonly #random: Random;
  readonly #mayAbort: boolean;

  constructor(random: Random, mayAbort: boolean) {
    super();
    this.#random = random;
    this.#mayAbort = mayAbort;
  }

  override wantsMore(): boolean {
    if (this.#mayAbort && this.#random.isOneIn(60)) {
      this.abort();
      return true;
    }
    if (!this.#random.isOneIn(4)) return true;
    setTimeout(() => this.exchange!.resume(), this.#random.below(5));
    return false;
  }
}

function streamOf(bytes: Buffer, random: Random): PassThrough {
  const stream = new PassThrough();
  let sent = 0;
  const go = (): void => {
    const part = bytes.subarray(sent, sent + 1 + random.below(30_000));
    sent += part.length;
    if (sent === bytes.length) stream.end(part);
    else if (stream.write(part)) setTimeout(go, random.below(3));
    else stream.once('drain', go);
  };
  go();
  return stream;
}

export interface Sent {
  sink: Collector;
  query: string;
  expected: Buffer | string;
}

/** Sends one request of a random kind; `expected` is what a complete response contains. */
export function sendRandom(
  pool: PhpPool,
  random: Random,
  mayAbort: boolean,
  over: Partial<PhpRequestHead> = {},
): Sent {
  const bytes = madeUpBytes(random.size());
  const kind = random.below(4);
  const body: PhpRequestBody =
    kind === 0
      ? { kind: 'none' }
      : kind === 3
        ? { kind: 'stream', stream: streamOf(bytes, random) }
        : { kind: 'bytes', bytes };
  const isEcho = random.isOneIn(2);
  const count = random.size();
  let query = kind === 0 ? `bytes=${count}` : isEcho ? 'echo=1' : 'hash=1';
  if (random.isOneIn(10)) query += `&sleep=${random.below(5)}`;
  if (random.isOneIn(10)) query += `&early=${1 + random.below(5)}`;
  if (random.isOneIn(20)) query += `&log=${random.below(10_000)}`;
  const sink = new Capricious(random, mayAbort);
  const ended = kind === 3 || (kind !== 0 && bytes.length > 0) ? 1 : 0;
  const variables = ['ENDED', `${ended}`];
  send(pool, query, body, { ...over, variables }, sink);
  const whim = mayAbort ? random.below(25) : -1;
  if (whim === 0) sink.abort();
  if (whim === 1) setTimeout(() => sink.abort(), random.below(6));
  const expected =
    kind === 0 ? madeUpBytes(count) : isEcho ? bytes : hashAnswer(bytes, ended);
  return { sink, query, expected };
}

/** What went wrong; failures for one of `reasons` are right. */
export function violations(all: readonly Sent[], reasons: readonly string[]): string[] {
  return all.flatMap(({ sink, query, expected }) => {
    const { errors, failure } = sink;
    const found = errors.map((error) => `${query}: ${error}`);
    const wanted = Buffer.from(expected);
    if (failure && !reasons.includes(failure.reason))
      found.push(`${query}: ${failure.reason}`);
    if (sink.isEnded && !sink.body.equals(wanted)) found.push(`${query}: wrong body`);
    const part = wanted.subarray(0, sink.body.length);
    if (!sink.body.equals(part)) found.push(`${query}: wrong bytes before its end`);
    return found;
  });
}
