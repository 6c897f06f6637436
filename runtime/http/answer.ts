import type { Connection } from './connection.ts';
import { answerException, endRequest, sendError } from './errors.ts';
import { PhpRequest } from './php-request.ts';
import { checkHead, METHODS, splitHost } from './request-head.ts';
import type { FrontResponse } from './response.ts';
import type { Route } from './routing.ts';
import { sendStatic } from './static/send.ts';
import { parseTarget, type RequestTarget } from './target.ts';

/** Answers one request. `refusal`: what is already known to be wrong with it, or 0. */
export function answer(
  response: FrontResponse,
  connection: Connection,
  refusal: number,
): void {
  const { req } = response;
  try {
    const status = refusal || checkHead(req);
    if (status) sendError(response, status, { isLast: true });
    else answerTarget(response, connection);
  } catch (error) {
    answerException(response, error);
  }
}

function answerTarget(response: FrontResponse, connection: Connection): void {
  const { req, front } = response;
  const { method } = req;
  const url = req.url!;
  if (url.length > front!.config.http.maxTargetBytes) {
    return sendError(response, 414, { isLast: true });
  }
  if (method === 'TRACE')
    return sendError(response, 405, { headers: ['Allow', METHODS] });
  if (url === '*' && method === 'OPTIONS') {
    endRequest(response, false);
    return response.send(204, ['Allow', METHODS], '');
  }
  const target = parseTarget(url);
  if (target === null || !hasValidAuthority(target)) {
    return sendError(response, 400, { isLast: true });
  }
  const route = front!.router.route(target.rawPath);
  if (route.kind !== 'file') return answerRoute(response, connection, target, route);
  endRequest(response, false);
  if (sendStatic(response, route)) return;
  // Replaced between look-up and opening: once more, then it is gone.
  front!.assets.release(route);
  const again = front!.router.route(target.rawPath);
  if (again.kind !== 'file') return answerRoute(response, connection, target, again);
  if (!sendStatic(response, again)) sendError(response, 404, {});
}

function answerRoute(
  response: FrontResponse,
  connection: Connection,
  target: RequestTarget,
  route: Exclude<Route, { kind: 'file' }>,
): void {
  switch (route.kind) {
    case 'script':
      return new PhpRequest(response, connection, target, route).run();
    case 'redirect': {
      const query = target.origin.includes('?') ? `?${target.query}` : '';
      const headers = ['Location', route.location + query, 'Content-Length', '0'];
      endRequest(response, false);
      return response.send(308, headers, '');
    }
    case 'not-found':
      return sendError(response, 404, {});
    case 'invalid':
      return sendError(response, 400, {});
    default:
      return route satisfies never;
  }
}

function hasValidAuthority({ authority }: RequestTarget): boolean {
  return authority === null || splitHost(authority) !== null;
}
