// nginx and php-fpm of the peer root, in front of a directory of the host: what a PHP
// application runs on today. Configured the same way as the product it is compared with.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DebianRoot, enterArguments } from './debian-root.ts';

export interface PeerOptions {
  /** The application on the host. nginx and fpm run as root and may write to it. */
  site: string;
  /** Relative to the application. Default: the application itself. */
  documentRoot?: string;
  workers: number;
  /** php.ini settings on top of Debian's own for fpm. */
  ini: Readonly<Record<string, string>>;
  /**
   * nginx keeps its connections to fpm. Default false, as in Debian: it saves a quarter of
   * the CPU, but a kept connection holds a worker and the other requests wait for seconds.
   */
  keepConnections?: boolean;
}

export interface PeerServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** The process whose descendants are nginx and fpm. */
  pid: number;
  /** What nginx and fpm wrote to their error logs. */
  log(): string;
  stop(): Promise<void>;
}

/** Where a site and the configuration are inside the root. */
const SITE = '/srv/site';
const HOME = '/srv/peer';

/** Starts both and waits until nginx accepts connections. */
export async function startPeer(
  root: DebianRoot,
  options: PeerOptions,
): Promise<PeerServer> {
  const home = mkdtempSync(join(tmpdir(), 'phpack-peer-'));
  const port = await freePort();
  mkdirSync(join(home, 'tmp'));
  writeFileSync(join(home, 'nginx.conf'), nginxConfig(port, options));
  writeFileSync(join(home, 'fpm.conf'), fpmConfig(options));
  const start =
    `php-fpm8.4 -R -F -y ${HOME}/fpm.conf & ` +
    `while [ ! -S ${HOME}/fpm.sock ]; do sleep 0.01; done; ` +
    `exec nginx -c ${HOME}/nginx.conf`;
  const binds = [
    [options.site, SITE],
    [home, HOME],
  ] as const;
  const argv = ['/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'];
  // Dies with us, however we end: a forgotten peer would disturb later measurements.
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...enterArguments(root, {
        argv: [...argv, '/bin/sh', '-c', start],
        network: 'host',
        binds,
      }),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const stderr: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const log = (): string =>
    ['nginx.log', 'fpm.log'].map((name) => readIfThere(join(home, name))).join('') +
    Buffer.concat(stderr).toString();
  const url = `http://127.0.0.1:${port}`;
  await untilAccepting(url, child, log);
  return {
    url,
    pid: child.pid ?? 0,
    log,
    stop: async () => {
      await end(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Two processes and no access log: how one tunes nginx on two CPUs. */
function nginxConfig(port: number, options: PeerOptions): string {
  const { keepConnections = false, documentRoot = '' } = options;
  const [keepalive, keepConn] = keepConnections ? ['keepalive 2;', 'on'] : ['', 'off'];
  return `
daemon off;
user root;
worker_processes 2;
pid ${HOME}/nginx.pid;
error_log ${HOME}/nginx.log;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=1000;
  client_max_body_size 0;
  client_body_temp_path ${HOME}/tmp/body;
  fastcgi_temp_path ${HOME}/tmp/fastcgi;
  proxy_temp_path ${HOME}/tmp/proxy;
  uwsgi_temp_path ${HOME}/tmp/uwsgi;
  scgi_temp_path ${HOME}/tmp/scgi;
  fastcgi_buffers 32 16k;
  fastcgi_buffer_size 32k;
  upstream fpm { server unix:${HOME}/fpm.sock; ${keepalive} }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    root ${join(SITE, documentRoot)};
    index index.php;
    location / { try_files $uri $uri/ /index.php$is_args$args; }
    location ~ \\.php(/|$) {
      fastcgi_split_path_info ^(.+?\\.php)(/.*)$;
      set $path_info $fastcgi_path_info;
      try_files $fastcgi_script_name /index.php$is_args$args;
      fastcgi_pass fpm;
      fastcgi_keep_conn ${keepConn};
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_param SCRIPT_NAME $fastcgi_script_name;
      fastcgi_param PATH_INFO $path_info;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param DOCUMENT_URI $document_uri;
      fastcgi_param DOCUMENT_ROOT $document_root;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param REQUEST_SCHEME $scheme;
      fastcgi_param GATEWAY_INTERFACE CGI/1.1;
      fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REMOTE_PORT $remote_port;
      fastcgi_param SERVER_ADDR $server_addr;
      fastcgi_param SERVER_PORT $server_port;
      fastcgi_param SERVER_NAME $server_name;
      fastcgi_param REDIRECT_STATUS 200;
    }
  }
}
`;
}

function fpmConfig({ workers, ini }: PeerOptions): string {
  const settings = Object.entries(ini).map(
    ([name, value]) => `php_value[${name}] = "${value}"`,
  );
  return `
[global]
pid = ${HOME}/fpm.pid
error_log = ${HOME}/fpm.log
log_limit = 8192
[www]
user = root
group = root
listen = ${HOME}/fpm.sock
listen.backlog = 1024
pm = static
pm.max_children = ${workers}
catch_workers_output = yes
decorate_workers_output = no
${settings.join('\n')}
`;
}

async function untilAccepting(
  url: string,
  child: ChildProcess,
  log: () => string,
): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (child.exitCode !== null) break;
    const isUp = await fetch(`${url}/`, { method: 'HEAD', redirect: 'manual' }).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(10);
  }
  child.kill('SIGKILL');
  throw new Error(`nginx and php-fpm do not start:\n${log()}`);
}

/** unshare takes the whole pid namespace with it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGKILL');
  await closed;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
