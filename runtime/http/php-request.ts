import { toText } from '../../contract/bytes.ts';
import { type PhpRequestBody, releaseBody } from '../php/types.ts';
import { BufferedBody, type BodyReceiver, describeSpoolError } from './body.ts';
import type { Connection } from './connection.ts';
import { answerException, sendError } from './errors.ts';
import { PhpAnswer } from './php-answer.ts';
import { phpHeadOf } from './php-head.ts';
import type { FrontResponse } from './response.ts';
import type { ScriptRoute } from './routing.ts';
import { SpoolLimitError } from './spool-file.ts';
import { StreamedBody } from './streamed-body.ts';
import type { RequestTarget } from './target.ts';

/** A request for a script on its way to PHP. */
export class PhpRequest implements BodyReceiver {
  readonly #response: FrontResponse;
  readonly #connection: Connection;
  readonly #target: RequestTarget;
  readonly #route: ScriptRoute;
  #body: BufferedBody | null = null;
  #answer: PhpAnswer | null = null;

  constructor(
    response: FrontResponse,
    connection: Connection,
    target: RequestTarget,
    route: ScriptRoute,
  ) {
    this.#response = response;
    this.#connection = connection;
    this.#target = target;
    this.#route = route;
  }

  run(): void {
    const { req, front } = this.#response;
    const declared = req.headers['content-length'];
    const length = declared === undefined ? 0 : Number(declared);
    const { maxBodyBytes } = front!.config.http;
    const { spoolBytes } = front!.budget.size;
    if (maxBodyBytes !== 0 && length > maxBodyBytes) {
      sendError(this.#response, 413, { isLast: true });
    } else if (length === 0 && req.headers['transfer-encoding'] === undefined) {
      this.#submit({ kind: 'none' }, 0);
    } else if (front!.streamBodies(toText(this.#path))) {
      this.#stream(declared === undefined ? null : length);
    } else if (length > spoolBytes) {
      this.onBodyFailed(507, new SpoolLimitError(spoolBytes, 'are too few for it'));
    } else {
      this.#connection.bodyFailure = this.onParserFailed;
      this.#response.listenForClose(this);
      this.#body = new BufferedBody(this.#response, this);
      this.#body.receive();
    }
  }

  onBody(body: PhpRequestBody, length: number): void {
    this.#connection.bodyFailure = null;
    this.#submit(body, length);
    this.#body?.handOver();
    this.#body = null;
  }

  onBodyFailed(status: number, error: Error | null): void {
    this.#connection.bodyFailure = null;
    const { front, requestId } = this.#response;
    if (error !== null) {
      front!.log.write('error', describeSpoolError(error), { request: requestId });
    }
    sendError(this.#response, status, { isLast: true });
  }

  /** The client left before its body was complete. */
  onClosed(): void {
    this.#connection.bodyFailure = null;
    this.#body?.release();
    this.#body = null;
  }

  readonly onParserFailed = (status: number): void => {
    this.#connection.bodyFailure = null;
    if (this.#body !== null) this.#body.fail(status);
    else this.#answer?.fail(status);
  };

  get #path(): string {
    return this.#target.rawPath.slice(1);
  }

  #stream(length: number | null): void {
    this.#connection.bodyFailure = this.onParserFailed;
    this.#response.once('close', () => {
      if (this.#connection.bodyFailure === this.onParserFailed) this.onClosed();
    });
    const { budget } = this.#response.front!;
    if (!budget.take(StreamedBody.heldBytes)) {
      return sendError(this.#response, 503, { isLast: true });
    }
    const stream = new StreamedBody(this.#response, this.onParserFailed);
    stream.once('close', () => budget.give(StreamedBody.heldBytes));
    this.#submit({ kind: 'stream', stream }, length);
  }

  /** Called by events of the body as well, where nobody else would catch. */
  #submit(body: PhpRequestBody, length: number | null): void {
    try {
      this.#trySubmit(body, length);
    } catch (error) {
      releaseBody(body);
      answerException(this.#response, error);
    }
  }

  #trySubmit(body: PhpRequestBody, length: number | null): void {
    const response = this.#response;
    const head = phpHeadOf(response, this.#connection, this.#target, this.#route, length);
    const answer = new PhpAnswer(response);
    this.#answer = answer;
    answer.exchange = response.front!.pool.submit(head, body, answer);
  }
}
