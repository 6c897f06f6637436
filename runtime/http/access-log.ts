import type { Connection } from './connection.ts';
import { toText } from '../../contract/bytes.ts';
import type { FrontResponse } from './response.ts';
import type { FrontLog, FrontState } from './state.ts';

/** Called at the beginning of a request; writes its line when it is over. */
export type AccessLog = (response: FrontResponse, connection: Connection) => void;

export function createAccessLog(log: FrontLog): AccessLog {
  return (response, connection) => {
    response.startedAt = performance.now();
    // Asked now: a closed socket does not know any more.
    const { remoteAddress } = connection.addresses;
    response.once('close', () => {
      const { req } = response;
      log.access('request', {
        request: response.requestId,
        remote: remoteAddress,
        method: req.method,
        target: req.url,
        host: req.headers.host,
        protocol: `HTTP/${req.httpVersion}`,
        status: response.headersSent ? response.statusCode : 499,
        bytes: response.bodyBytes,
        ms: Math.round((performance.now() - response.startedAt) * 100) / 100,
        // Incomplete: the client left, or we broke off.
        aborted: response.writableFinished ? undefined : true,
        referer: textOf(req.headers.referer),
        userAgent: textOf(req.headers['user-agent']),
      });
    });
  };
}

/** What was refused before it could be taken for a request. */
export function logRefused(
  { log, config }: FrontState,
  connection: Connection,
  status: number,
): void {
  if (!config.log.access) return;
  log.access('request', { remote: connection.addresses.remoteAddress, status });
}

function textOf(value: string | undefined): string | undefined {
  return value === undefined ? undefined : toText(value);
}
