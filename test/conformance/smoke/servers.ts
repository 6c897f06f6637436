import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startMariadb } from '../../e2e/mariadb.ts';
import { startPostgres, startRedis } from './daemons.ts';
import { startFtpServer } from './ftp-server.ts';
import { startTlsServer } from './tls-server.ts';

/** Servers by the name that `needs:` uses, each started when a script first needs it. */
export class SmokeServers {
  /** Short: a Unix socket's path has at most 107 bytes. */
  readonly #dir = mkdtempSync('/tmp/phpack-smoke-');
  readonly #started = new Map<string, Promise<Record<string, string>>>();
  readonly #stops: (() => Promise<void>)[] = [];

  /** The SMOKE_* variables of `name`. Rejects for a name that nobody serves. */
  environment(name: string): Promise<Record<string, string>> {
    let started = this.#started.get(name);
    if (!started) {
      started = this.#start(name);
      this.#started.set(name, started);
    }
    return started;
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#stops.map((stop) => stop()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #start(name: string): Promise<Record<string, string>> {
    switch (name) {
      case 'tls': {
        const server = await startTlsServer(mkdtempSync(join(this.#dir, 'tls-')));
        this.#stops.push(() => server.stop());
        return {
          SMOKE_TLS: server.url,
          SMOKE_CA: server.authority,
          SMOKE_OTHER_CA: server.otherAuthority,
        };
      }
      case 'ftp': {
        const server = await startFtpServer();
        this.#stops.push(() => server.stop());
        return { SMOKE_FTP: server.address };
      }
      case 'postgres': {
        const server = await startPostgres(this.#dir);
        this.#stops.push(() => server.stop());
        return { SMOKE_POSTGRES: server.address };
      }
      case 'redis': {
        const server = await startRedis(this.#dir);
        this.#stops.push(() => server.stop());
        return { SMOKE_REDIS: server.address };
      }
      case 'mariadb': {
        const server = await startMariadb(this.#dir);
        this.#stops.push(() => server.stop());
        await server.query(
          'CREATE DATABASE smoke CHARACTER SET utf8mb4; ' +
            "CREATE USER smoke@localhost IDENTIFIED BY 'secret'; " +
            'GRANT ALL ON smoke.* TO smoke@localhost',
        );
        return { SMOKE_MARIADB: server.socket };
      }
      default:
        throw new Error(`no server "${name}" for smoke tests`);
    }
  }
}
