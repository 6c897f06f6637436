import type { RawHeaders } from './response.ts';

/** What framing has to know of PHP's headers; worked out once per distinct block. */
export interface HeadFacts {
  /** Without Content-Length. */
  headers: RawHeaders;
  /** -1: PHP named none, or nothing that is a length. */
  contentLength: number;
}

const factsByHeaders = new WeakMap<RawHeaders, HeadFacts>();

export function factsOf(rawHeaders: RawHeaders): HeadFacts {
  let facts = factsByHeaders.get(rawHeaders);
  if (facts === undefined) {
    facts = findFacts(rawHeaders);
    factsByHeaders.set(rawHeaders, facts);
  }
  return facts;
}

function findFacts(rawHeaders: RawHeaders): HeadFacts {
  const headers: string[] = [];
  let contentLength = -1;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    if (name.length !== 14 || name.toLowerCase() !== 'content-length') {
      headers.push(name, value);
    } else {
      contentLength = /^\d{1,15}$/.test(value) ? Number(value) : -1;
    }
  }
  return { headers, contentLength };
}
