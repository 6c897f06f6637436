import { request } from 'node:http';

export interface Question {
  method?: string;
  /** Sent as it is, encoded or not. */
  target: string;
  headers?: readonly (readonly [name: string, value: string])[];
  body?: string | Buffer;
  /** The body goes out in pieces without Content-Length. */
  isChunked?: boolean;
}

export interface Answer {
  status: number;
  reason: string;
  /** In the order of the wire, names in lower case. */
  headers: [name: string, value: string][];
  body: Buffer;
}

/** One request on a connection of its own. */
export function ask(url: string, question: Question): Promise<Answer> {
  const { hostname, port, host } = new URL(url);
  const {
    method = 'GET',
    target: path,
    headers = [],
    body,
    isChunked = false,
  } = question;
  const own: [string, string][] = [['Host', host]];
  if (isChunked) own.push(['Transfer-Encoding', 'chunked']);
  else if (body !== undefined) own.push(['Content-Length', `${Buffer.byteLength(body)}`]);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method,
        path,
        agent: false,
        headers: [...own, ...headers].flat(),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: pairs(response.rawHeaders),
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    sent.setTimeout(20_000, () => sent.destroy(new Error(`no answer to ${path}`)));
    sent.on('error', reject);
    if (isChunked && body !== undefined) {
      const bytes = Buffer.from(body);
      for (let at = 0; at < bytes.length; at += 1000)
        sent.write(bytes.subarray(at, at + 1000));
      sent.end();
    } else sent.end(body);
  });
}

function pairs(raw: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    result.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  }
  return result;
}

export interface Part {
  name: string;
  filename?: string;
  type?: string;
  content: string | Buffer;
}

/** A multipart/form-data body as browsers write it, with its Content-Type. */
export function multipart(parts: readonly Part[]): {
  headers: [string, string][];
  body: Buffer;
} {
  const boundary = '----phpackConformanceBoundary';
  const chunks: Buffer[] = [];
  for (const { name, filename, type, content } of parts) {
    const file = filename === undefined ? '' : `; filename="${filename}"`;
    const typeLine = type === undefined ? '' : `Content-Type: ${type}\r\n`;
    chunks.push(
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n` +
          `${typeLine}\r\n`,
      ),
      Buffer.from(content),
      Buffer.from('\r\n'),
    );
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  const contentType = `multipart/form-data; boundary=${boundary}`;
  return { headers: [['Content-Type', contentType]], body: Buffer.concat(chunks) };
}
