import { describeFailure } from '../php/failure.ts';
import type { PhpExchange, PhpFailure, PhpResponseSink } from '../php/types.ts';
import { BLOCK_BYTES } from './blocks.ts';
import { sendError } from './errors.ts';
import { HeldBody } from './held-body.ts';
import { cutOff, Outlet } from './outlet.ts';
import type { FrontResponse, RawHeaders } from './response.ts';
import { factsOf, type HeadFacts } from './response-facts.ts';

/**
 * Sends what PHP answers, whatever it says about its length, without breaking the
 * framing.
 */
export class PhpAnswer implements PhpResponseSink {
  readonly #response: FrontResponse;
  #exchange: PhpExchange | null = null;
  #outlet: Outlet | null = null;
  #status = 0;
  #reason = '';
  #facts: HeadFacts | null = null;
  /** Received in the turn of the head. */
  readonly #held = new HeldBody();
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
    // An idle connection keeps its last request's objects.
    this.#held.forget();
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
    if (this.#held.add(chunk)) return true;
    this.startNow();
    return this.#isOver || this.#push(chunk);
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
    front!.log.write(levelOf(failure), describeFailure(failure), {
      request: requestId,
      method: req.method,
      target: req.url,
    });
    // Nothing tells a client that an answer is incomplete but the end of its connection.
    if (this.#outlet !== null) return this.#outlet.end(false);
    sendError(response, statusOf(failure), {});
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

  /** Sends the head and what is held, unless that has happened. */
  startNow(): void {
    const facts = this.#facts;
    if (this.#isOver || this.#isStarted || facts === null) return;
    this.#start(facts, facts.contentLength);
  }

  #start(facts: HeadFacts, contentLength: number): void {
    this.#isStarted = true;
    const response = this.#response;
    const { headers } = facts;
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
    const hasContent = this.#held.length > 0;
    if (hasContent) for (const piece of this.#held.pieces) this.#push(piece);
    if (!hasContent || this.#hasNoContent()) response.flushHeaders();
    this.#held.release();
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

  /** Everything is here: one write, if it is not long. */
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
    if (contentLength > held.length) {
      this.#start(facts, contentLength);
      return this.#breakOff();
    }
    if (contentLength >= 0 && contentLength < held.length) {
      this.#complain('longer');
      held.truncate(contentLength);
    }
    if (held.length > BLOCK_BYTES) {
      // The client may not take it all at once.
      this.#start(facts, held.length);
      return this.#outlet!.end(true);
    }
    const length = ['Content-Length', String(held.length)];
    response.send(this.#status, [...headers, ...length], held.content, this.#reason);
    // Written synchronously, as nearly always: nobody reads the memory any more.
    if (response.socket?.writableLength === 0) held.release();
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

  /**
   * PHP announced more than it wrote. What there is goes out, then the connection ends.
   */
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
    case 'damaged':
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
 * PHP's side hands on everything it has of a response in one turn. What has not ended by
 * then goes out: a script that flushes wants its visitor to see it.
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
