import { readSync } from 'node:fs';
import {
  type PhpExchange,
  type PhpPool,
  type PhpPoolStats,
  type PhpRequestBody,
  type PhpRequestHead,
  type PhpResponseSink,
  releaseBody,
} from '../../../runtime/php/types.ts';

/** One request as it reached "PHP". */
export class FakeExchange implements PhpExchange {
  readonly head: PhpRequestHead;
  readonly body: PhpRequestBody;
  readonly sink: PhpResponseSink;
  /** What of the body was there at submit(): the file is the front's afterwards. */
  readonly content: Buffer;
  isAborted = false;
  resumes = 0;
  onResume: () => void = () => {};
  onAbort: () => void = () => {};

  constructor(head: PhpRequestHead, body: PhpRequestBody, sink: PhpResponseSink) {
    this.head = head;
    this.body = body;
    this.sink = sink;
    this.content = contentOf(body);
    releaseBody(body);
  }

  resume(): void {
    this.resumes++;
    this.onResume();
  }

  abort(): void {
    this.isAborted = true;
    this.onAbort();
  }

  /** A whole response in one turn. */
  answer(status: number, headers: readonly string[], body: string | Buffer = ''): void {
    this.sink.onHead(status, headers);
    if (body.length > 0) this.sink.onData(Buffer.from(body as string));
    this.sink.onEnd();
  }
}

function contentOf(body: PhpRequestBody): Buffer {
  if (body.kind === 'bytes') return body.bytes;
  if (body.kind !== 'file') return Buffer.alloc(0);
  const content = Buffer.alloc(Math.min(body.length, 1 << 20));
  readSync(body.fd, content, 0, content.length, 0);
  return content;
}

/** A pool whose PHP is a function. */
export class FakePool implements PhpPool {
  readonly exchanges: FakeExchange[] = [];
  handler: (exchange: FakeExchange) => void;

  constructor(handler: (exchange: FakeExchange) => void) {
    this.handler = handler;
  }

  submit(head: PhpRequestHead, body: PhpRequestBody, sink: PhpResponseSink): PhpExchange {
    const exchange = new FakeExchange(head, body, sink);
    this.exchanges.push(exchange);
    // As the real one: never inside submit().
    setImmediate(() => {
      if (!exchange.isAborted) this.handler(exchange);
    });
    return exchange;
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  stats(): PhpPoolStats {
    return { workers: 1, busy: 0, queued: 0, served: 0, crashes: 0, timeouts: 0 };
  }
}
