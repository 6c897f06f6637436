import { createSecureServer } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { run } from '../../apps/run.ts';

export interface TlsServer {
  /** `https://localhost:PORT` */
  url: string;
  /** File of the authority that signed the server's certificate. */
  authority: string;
  /** An authority that signed nothing. */
  otherAuthority: string;
  stop(): Promise<void>;
}

/** HTTP/1.1 and HTTP/2 over TLS on loopback, certified by an authority made for it. */
export async function startTlsServer(dir: string): Promise<TlsServer> {
  const authority = await makeAuthority(dir, 'authority');
  const otherAuthority = await makeAuthority(dir, 'other');
  await makeHostCertificate(dir);
  const server = createSecureServer(
    {
      allowHTTP1: true,
      key: readFileSync(join(dir, 'host.key')),
      cert: readFileSync(join(dir, 'host.pem')),
    },
    (request, response) => void answer(request, response),
  );
  const sockets = new Set<{ destroy(): void }>();
  server.on('secureConnection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    authority,
    otherAuthority,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const coders: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: gzipSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

async function answer(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [, first = '', second = ''] = request.url.split('/');
  switch (first) {
    case 'coded': {
      const coder = coders[second];
      if (!coder) break;
      response.setHeader('content-encoding', second);
      response.end(coder('phpack '.repeat(2000)));
      return;
    }
    case 'echo':
      response.end(Buffer.concat(chunks));
      return;
    case 'redirect':
      response.writeHead(302, { location: '/hello' }).end();
      return;
    case 'hello':
      response.end('hello over TLS');
      return;
    default:
  }
  response.writeHead(404).end();
}

async function makeAuthority(dir: string, name: string): Promise<string> {
  await run('openssl', [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' '),
    ...'-days 2 -addext keyUsage=critical,keyCertSign'.split(' '),
    '-subj',
    `/CN=phpack smoke ${name}`,
    '-keyout',
    join(dir, `${name}.key`),
    '-out',
    join(dir, `${name}.pem`),
  ]);
  return join(dir, `${name}.pem`);
}

async function makeHostCertificate(dir: string): Promise<void> {
  const words =
    'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost ' +
    '-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE ' +
    '-CA authority.pem -CAkey authority.key -keyout host.key -out host.pem';
  await run('openssl', words.split(' '), { cwd: dir });
}
