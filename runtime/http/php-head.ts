import type { PhpRequestHead } from '../php/types.ts';
import type { Connection } from './connection.ts';
import { filterHeaders, splitHost } from './request-head.ts';
import type { FrontResponse } from './response.ts';
import type { ScriptRoute } from './routing.ts';
import type { RequestTarget } from './target.ts';

/**
 * What PHP is told of a request. `bodyLength`: null when it is not known, as the body
 * streams.
 */
export function phpHeadOf(
  response: FrontResponse,
  connection: Connection,
  target: RequestTarget,
  route: ScriptRoute,
  bodyLength: number | null,
): PhpRequestHead {
  const { req, front } = response;
  const { headers, rawHeaders } = req;
  const { addresses } = connection;
  const authority = target.authority ?? headers.host ?? '';
  const host = splitHost(authority);
  const isChunked = headers['transfer-encoding'] !== undefined;
  const hasBody = isChunked || headers['content-length'] !== undefined;
  return {
    method: req.method!,
    target: target.origin,
    protocol: req.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
    scheme: 'http',
    remoteAddress: addresses.remoteAddress,
    remotePort: addresses.remotePort,
    serverAddress: addresses.localAddress,
    serverPort: addresses.localPort || host?.port || '80',
    serverName: host?.name ?? addresses.localAddress,
    documentRoot: front!.router.documentRoot,
    scriptFilename: route.scriptFilename,
    scriptName: route.scriptName,
    pathInfo: route.pathInfo,
    queryString: target.query,
    contentType: headers['content-type'] ?? '',
    contentLength: !hasBody ? '' : bodyLength === null ? '' : String(bodyLength),
    // A body that was received whole has a length now.
    rawHeaders: filterHeaders(
      rawHeaders,
      isChunked && bodyLength !== null,
      target.authority,
    ),
    variables: ['REQUEST_ID', response.requestId],
  };
}
