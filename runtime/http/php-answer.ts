import { describeFailure } from '../php/failure.ts';
import type { PhpExchange, PhpFailure, PhpResponseSink } from '../php/types.ts';
import { toText } from './bytes.ts';
import { sendError } from './errors.ts';
import { cutOff, Outlet } from './outlet.ts';
import type { FrontResponse, RawHeaders } from './response.ts';

/** Held back until the end of the turn, in the hope that the response ends there as well. */
const MAX_HELD_BYTES = 128 * 1024;
/** Up to here, one string with the head is cheaper to write than two buffers. */
const MAX_STRING_BYTES = 16 * 1024;

/** What framing has to know of PHP's headers; worked out once per distinct block. */
interface HeadFacts {
  /** Without Content-Length. */
  headers: RawHeaders;
  /** -1: PHP named none, or nothing that is a length. */
  contentLength: number;
}

const factsByHeaders = new WeakMap<RawHeaders, HeadFacts>();

function factsOf(rawHeaders: RawHeaders): HeadFacts {
  let facts = factsByHeaders.get(rawHeaders);
  if (facts === undefined) {
    facts = findFacts(rawHeaders);
    factsByHeaders.set(rawHeaders, facts);
  }
  return facts;
}

function findFacts(rawHeaders: RawHeaders): HeadFacts {
  const headers: string[] = [];
  let contentLength = -1;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    if (name.length !== 14 || name.toLowerCase() !== 'content-length') {
      headers.push(name, value);
    } else {
      contentLength = /^\d{1,15}$/.test(value) ? Number(value) : -1;
    }
  }
  return { headers, contentLength };
}

/** Sends what PHP answers, whatever it says about its length, without breaking the framing. */
export class PhpAnswer implements PhpResponseSink {
  readonly #response: FrontResponse;
  #exchange: PhpExchange | null = null;
  #outlet: Outlet | null = null;
  #status = 0;
  #reason = '';
  #facts: HeadFacts | null = null;
  /** Received in the turn of the head. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Of the announced Content-Length; Infinity when none was. */
  #rest = Number.POSITIVE_INFINITY;
  #isTooLong = false;
  #isStarted = false;
  #isOver = false;

  constructor(response: FrontResponse) {
    this.#response = response;
    response.listenForClose(this);
  }

  set exchange(exchange: PhpExchange) {
    this.#exchange = exchange;
  }

  /** The client is gone, or has everything. */
  onClosed(): void {
    this.#outlet?.close();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange?.abort();
  }

  onHead(status: number, rawHeaders: RawHeaders, reason = ''): void {
    this.#status = status;
    this.#reason = reason;
    this.#facts = factsOf(rawHeaders);
    startAtEndOfTurn(this);
  }

  onData(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    if (this.#isStarted) return this.#push(chunk);
    this.#held.push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    return this.#heldBytes <= MAX_HELD_BYTES || this.startNow();
  }

  onEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#isStarted) return this.#sendWhole();
    if (this.#rest > 0 && this.#rest !== Number.POSITIVE_INFINITY)
      return this.#breakOff();
    this.#outlet!.end(true);
  }

  onFailure(failure: PhpFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const response = this.#response;
    const { front, req, requestId } = response;
    front!.log.write(levelOf(failure), toText(describeFailure(failure)), {
      request: requestId,
      method: req.method,
      target: req.url,
    });
    // Nothing tells a client that an answer is incomplete but the end of its connection.
    if (this.#outlet !== null) return this.#outlet.end(false);
    const headers = statusOf(failure) === 503 ? ['Retry-After', '5'] : [];
    sendError(response, statusOf(failure), { headers });
  }

  /** The rest of a streamed request body is late, too long or malformed. */
  fail(status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange?.abort();
    if (this.#outlet === null) sendError(this.#response, status, { isLast: true });
    else cutOff(this.#response);
  }

  /** A fault of ours: this request's, not the server's. */
  giveUp(error: unknown): void {
    const { front, requestId } = this.#response;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    front!.log.write('error', text, { request: requestId });
    this.#response.destroy();
  }

  /** Sends the head and what is held, unless that has happened. True: go on. */
  startNow(): boolean {
    const facts = this.#facts;
    if (this.#isOver || this.#isStarted || facts === null) return true;
    this.#isStarted = true;
    const response = this.#response;
    const { contentLength, headers } = facts;
    const outlet = new Outlet(response, this.#onRoom);
    this.#outlet = outlet;
    if (this.#hasNoContent()) {
      this.#rest = Number.POSITIVE_INFINITY;
      response.start(this.#status, this.#bodilessHeaders(facts), this.#reason);
    } else if (contentLength < 0) {
      response.start(this.#status, headers, this.#reason);
    } else {
      this.#rest = contentLength;
      const length = ['Content-Length', String(contentLength)];
      response.start(this.#status, [...headers, ...length], this.#reason);
    }
    let hasRoom = true;
    for (const piece of this.#held) hasRoom = this.#push(piece);
    this.#held = [];
    if (this.#heldBytes === 0) response.flushHeaders();
    return hasRoom;
  }

  readonly #onRoom = (): void => {
    if (!this.#isOver) this.#exchange?.resume();
  };

  #push(chunk: Buffer): boolean {
    if (this.#hasNoContent()) return true;
    if (chunk.length <= this.#rest) {
      this.#rest -= chunk.length;
      return this.#outlet!.push(chunk);
    }
    if (!this.#isTooLong) this.#complain('longer');
    this.#isTooLong = true;
    if (this.#rest === 0) return true;
    const fitting = chunk.subarray(0, this.#rest);
    this.#rest = 0;
    return this.#outlet!.push(fitting);
  }

  /** Everything is here: one write. */
  #sendWhole(): void {
    const response = this.#response;
    const facts = this.#facts!;
    if (this.#hasNoContent()) {
      response.start(this.#status, this.#bodilessHeaders(facts), this.#reason);
      response.end();
      return;
    }
    const { contentLength, headers } = facts;
    const held = this.#held;
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held);
    if (contentLength > bytes.length) {
      this.#isOver = false;
      this.startNow();
      this.#isOver = true;
      return this.#breakOff();
    }
    const isTooLong = contentLength >= 0 && contentLength < bytes.length;
    if (isTooLong) this.#complain('longer');
    const body = isTooLong ? bytes.subarray(0, contentLength) : bytes;
    response.send(
      this.#status,
      [...headers, 'Content-Length', String(body.length)],
      body.length <= MAX_STRING_BYTES ? body.toString('latin1') : body,
      this.#reason,
    );
  }

  /** RFC 9110 §6.4.1 */
  #hasNoContent(): boolean {
    return (
      this.#response.req.method === 'HEAD' || this.#status === 204 || this.#status === 304
    );
  }

  #bodilessHeaders({ headers, contentLength }: HeadFacts): RawHeaders {
    const isHead = this.#status !== 204 && this.#status !== 304;
    return isHead && contentLength >= 0
      ? [...headers, 'Content-Length', String(contentLength)]
      : headers;
  }

  /** PHP announced more than it wrote. What there is goes out, then the connection ends. */
  #breakOff(): void {
    this.#complain('shorter');
    this.#outlet!.end(false);
  }

  #complain(how: 'longer' | 'shorter'): void {
    const { front, req, requestId } = this.#response;
    front!.log.write('warning', `The response is ${how} than its Content-Length`, {
      request: requestId,
      method: req.method,
      target: req.url,
    });
  }
}

function levelOf(failure: PhpFailure): 'error' | 'warning' {
  const isOurs = failure.reason === 'head-too-large' || failure.reason === 'stopping';
  return isOurs ? 'warning' : 'error';
}

function statusOf(failure: PhpFailure): number {
  switch (failure.reason) {
    case 'crashed':
    case 'exited':
    case 'zygote-died':
      return 502;
    case 'queue-full':
    case 'queue-timeout':
    case 'stopping':
      return 503;
    case 'timeout':
      return 504;
    case 'head-too-large':
      return 431;
    default:
      return failure satisfies never;
  }
}

let waiting: PhpAnswer[] = [];

/**
 * PHP's side hands on everything it has of a response in one turn. What has not ended by then
 * goes out: a script that flushes wants its visitor to see it.
 */
function startAtEndOfTurn(answer: PhpAnswer): void {
  if (waiting.push(answer) === 1) process.nextTick(startWaiting);
}

function startWaiting(): void {
  const answers = waiting;
  waiting = [];
  for (const answer of answers) {
    try {
      answer.startNow();
    } catch (error) {
      answer.giveUp(error);
    }
  }
}
