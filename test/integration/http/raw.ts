import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  /** Names in lower case; the last value of each. */
  headers: Record<string, string>;
  /** De-chunked. */
  body: string;
  isComplete: boolean;
}

/** A client that sends exactly the bytes it is told. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  isEnded = false;
  isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(port: number, options: { allowHalfOpen?: boolean; path?: string } = {}) {
    const { allowHalfOpen = true, path } = options;
    this.socket = path
      ? connect({ path, allowHalfOpen })
      : connect({ port, host: '127.0.0.1', allowHalfOpen });
    this.socket.setEncoding('latin1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: string) => {
      this.text += chunk;
      this.#wake();
    });
    this.socket.on('end', () => {
      this.isEnded = true;
      this.#wake();
    });
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    this.socket.on('error', () => {});
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  send(bytes: string): this {
    this.socket.write(Buffer.from(bytes, 'latin1'));
    return this;
  }

  /** Waits for news until `isTrue`. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** All complete answers that have arrived, taken off. Heads of 1xx are skipped. */
  takeAnswers(isHead = false): RawAnswer[] {
    const answers: RawAnswer[] = [];
    for (;;) {
      const parsed = parseAnswer(this.text, isHead, this.isEnded || this.isClosed);
      if (parsed === null) return answers;
      this.text = this.text.slice(parsed.length);
      if (parsed.answer.status >= 200) answers.push(parsed.answer);
    }
  }

  async answer(isHead = false): Promise<RawAnswer> {
    let found: RawAnswer[] = [];
    await this.until(() => {
      const parsed = parseAnswer(this.text, isHead, this.isEnded || this.isClosed);
      if (parsed !== null) {
        this.text = this.text.slice(parsed.length);
        if (parsed.answer.status >= 200) found = [parsed.answer];
      }
      return found.length > 0 || (parsed === null && (this.isEnded || this.isClosed));
    });
    if (found.length === 0)
      throw new Error(`no answer, but ${JSON.stringify(this.text)}`);
    return found[0]!;
  }

  close(): void {
    this.socket.destroy();
  }
}

function parseAnswer(
  text: string,
  isHead: boolean,
  isEnded: boolean,
): { answer: RawAnswer; length: number } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [line, ...rest] = text.slice(0, end).split('\r\n');
  const status = Number(line!.split(' ')[1]);
  const headers: Record<string, string> = {};
  for (const header of rest) {
    const colon = header.indexOf(':');
    headers[header.slice(0, colon).toLowerCase()] = header.slice(colon + 1).trim();
  }
  const start = end + 4;
  const done = (body: string, length: number, isComplete = true) => ({
    answer: { status, headers, body, isComplete },
    length,
  });
  if (isHead || status < 200 || status === 204 || status === 304) return done('', start);
  if (headers['transfer-encoding'] === 'chunked')
    return parseChunks(text, start, done, isEnded);
  const length = headers['content-length'];
  if (length === undefined) return isEnded ? done(text.slice(start), text.length) : null;
  const body = text.slice(start, start + Number(length));
  if (body.length === Number(length)) return done(body, start + body.length);
  return isEnded ? done(body, text.length, false) : null;
}

function parseChunks<T>(
  text: string,
  start: number,
  done: (body: string, length: number, isComplete?: boolean) => T,
  isEnded: boolean,
): T | null {
  let body = '';
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) break;
    if (size === 0) return done(body, next);
    body += text.slice(lineEnd + 2, next - 2);
    at = next;
  }
  return isEnded ? done(body, text.length, false) : null;
}

/** One request on a connection of its own, given as raw bytes. */
export async function exchangeRaw(
  port: number,
  bytes: string,
  isHead = false,
): Promise<RawAnswer> {
  const client = new RawClient(port);
  try {
    return await client.send(bytes).answer(isHead);
  } finally {
    client.close();
  }
}

/** `method`, `target` and headers as given, plus Host. */
export function request(
  port: number,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<RawAnswer> {
  const all: Record<string, string> = { Host: 'example.test', ...headers };
  if (body !== '') all['Content-Length'] ??= String(body.length);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
  return exchangeRaw(port, bytes, method === 'HEAD');
}

export function get(
  port: number,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  return request(port, 'GET', target, headers);
}
