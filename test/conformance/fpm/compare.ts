// Brings two answers into a form in which only what PHP and the server mean can differ.
import { gunzipSync } from 'node:zlib';
import type { Answer } from './wire.ts';

export interface Comparable {
  status: number;
  reason: string;
  headers: string[];
  body: unknown;
}

/** Of the connection and the front, not of the application. */
const FRAMING = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
  'x-request-id',
]);

/** Variables whose values cannot or need not be equal, each with the reason. */
export const KNOWN_VARIABLES: Readonly<Record<string, string>> = {
  SERVER_SOFTWARE: 'names the product',
  REMOTE_PORT: 'another connection',
  REQUEST_TIME: 'another second',
  REQUEST_TIME_FLOAT: 'another moment',
  FCGI_ROLE: 'of the FastCGI protocol',
  REDIRECT_STATUS: 'nginx sets it for builds of PHP with force-cgi-redirect',
  DOCUMENT_URI: 'of nginx only',
  SERVER_NAME: "nginx: the server block's name; ours: the name asked for",
  USER: "fpm sets the pool user's name, ours passes the app's environment",
  HOME: "fpm sets the pool user's home",
  PATH: 'fpm clears the environment, ours passes it as its env[] setting would',
  PHP_BINARY: 'of our environment, for child processes',
  PHPRC: 'of our environment, for child processes',
  PHPACK_DATA_DIR: 'of our environment, for child processes',
  PATH_TRANSLATED: "of RFC 3875; nginx's usual configuration leaves it out",
  REMOTE_HOST: 'of RFC 3875, the address where no name is known',
  REQUEST_ID: 'ours only: the id of the log line',
  HTTP_CONTENT_LENGTH: 'nginx repeats CONTENT_LENGTH under this name',
  HTTP_CONTENT_TYPE: 'nginx repeats CONTENT_TYPE under this name',
};

/** `hides` are texts that name the machine: ports and directories. */
export function comparable(
  answer: Answer,
  hides: readonly (readonly [text: string, name: string])[],
): Comparable {
  const clean = (text: string): string =>
    hides.reduce((left, [secret, name]) => left.replaceAll(secret, name), text);
  const isGzip = answer.headers.some(
    ([n, v]) => n === 'content-encoding' && v === 'gzip',
  );
  const bytes = isGzip ? gunzipSync(answer.body) : answer.body;
  return {
    status: answer.status,
    reason: answer.reason,
    // Order means something between lines of the same name only.
    headers: answer.headers
      .filter(([name]) => !FRAMING.has(name))
      .map(([name, value]) => `${name}: ${withoutChance(clean(value))}`)
      .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : Number(nameOf(a) > nameOf(b)))),
    body: bodyOf(withoutChance(clean(bytes.toString('latin1')))),
  };
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':'));
}

/** Session ids, dates of cookies and caches, and the like. */
function withoutChance(text: string): string {
  return text
    .replaceAll(/(?<=SID=)[\w,-]+/g, 'ID')
    .replaceAll(/\w{3}, \d\d[ -]\w{3}[ -]\d{4} \d\d:\d\d:\d\d GMT/g, 'DATE')
    .replaceAll(/(?<=Max-Age=)\d+/gi, 'N')
    .replaceAll(/\/(?:tmp|[\w./-]+)\/php\w{6}\b/g, 'TEMPORARY');
}

function bodyOf(text: string): unknown {
  if (!text.startsWith('{')) {
    return text.length > 100_000 ? `${text.length} bytes` : text;
  }
  const value = JSON.parse(text) as Record<string, unknown>;
  for (const name of Object.keys(KNOWN_VARIABLES)) delete value[name];
  dropEmpty(value);
  if (typeof value['headers'] === 'object') dropEmpty(value['headers'] as object);
  return value;
}

/** nginx hands over every parameter of its configuration, also those of no value. */
function dropEmpty(variables: object): void {
  for (const [name, value] of Object.entries(variables)) {
    const isOptional = name !== 'QUERY_STRING' && value === '';
    if (isOptional) delete (variables as Record<string, unknown>)[name];
  }
}

/**
 * What may be expected of us where nginx answered by itself, or without a reason phrase:
 * its pages are its own.
 */
export function expectationOf(theirs: Comparable, ours: Comparable): Comparable {
  const reason = theirs.reason === '' ? ours.reason : theirs.reason;
  const isPage =
    typeof theirs.body === 'string' && theirs.body.includes('<center>nginx/');
  if (!isPage) return { ...theirs, reason };
  const location = theirs.headers
    .filter((line) => line.startsWith('location: '))
    // A client resolves a relative address to the same.
    .map((line) => line.replace(/http:\/\/[^/]+/, ''));
  const rest = ours.headers.filter((line) => !line.startsWith('location: '));
  const headers = [...location, ...rest].toSorted();
  // Where a directory lacks its slash nginx says 301; ours says 308, which keeps a POST.
  const status = theirs.status === 301 ? 308 : theirs.status;
  return { status, reason: ours.reason, headers, body: ours.body };
}
