import type { IncomingHttpHeaders } from 'node:http';

/** What a conditional request is compared with. */
export interface Validators {
  /** With quotes; strong. */
  etag: string;
  /** Milliseconds since 1970. */
  modifiedMs: number;
  /** Who got it after this time has got what there is now; Infinity: nothing tells. */
  settledMs: number;
}

export type Verdict = 'send' | 'not-modified' | 'precondition-failed';

export function isConditional(headers: IncomingHttpHeaders): boolean {
  return (
    headers['if-none-match'] !== undefined ||
    headers['if-modified-since'] !== undefined ||
    headers['if-match'] !== undefined ||
    headers['if-unmodified-since'] !== undefined
  );
}

/** RFC 9110 §13.2.2, in its order, for GET and HEAD. */
export function evaluateConditions(
  headers: IncomingHttpHeaders,
  validators: Validators,
): Verdict {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, validators.etag, false)) return 'precondition-failed';
  } else {
    const since = parseHttpDate(headers['if-unmodified-since']);
    if (since !== null && !isSame(validators, since)) return 'precondition-failed';
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    return matches(ifNoneMatch, validators.etag, true) ? 'not-modified' : 'send';
  }
  const since = parseHttpDate(headers['if-modified-since']);
  return since !== null && isSame(validators, since) ? 'not-modified' : 'send';
}

/**
 * Whether a client whose copy is of this time has this very content. Not as soon as the file's
 * time is older: an upgrade, the way back, or a copy put back may bring an older one. A time
 * to come is no file's: the client means whatever there is now.
 */
function isSame({ modifiedMs, settledMs }: Validators, since: number): boolean {
  if (seconds(since) === seconds(modifiedMs)) return true;
  return since >= settledMs || since > Date.now();
}

/**
 * Whether a Range header counts (RFC 9110 §13.1.5): what the client has is of this
 * version.
 */
export function allowsRange(headers: IncomingHttpHeaders, own: Validators): boolean {
  const ifRange = headers['if-range'];
  if (typeof ifRange !== 'string') return true;
  if (/^(?:W\/)?"/.test(ifRange)) return ifRange === own.etag;
  const date = parseHttpDate(ifRange);
  return date !== null && seconds(date) === seconds(own.modifiedMs);
}

/** Weak comparison ignores `W/`; strong comparison takes no weak tag. */
function matches(list: string, etag: string, isWeak: boolean): boolean {
  if (list.trim() === '*') return true;
  for (const [, weak, tag] of list.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)) {
    if (tag === etag && (isWeak || weak === undefined)) return true;
  }
  return false;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/**
 * The three forms of RFC 9110 §5.6.7. Date.parse alone would take nearly anything for a
 * date. Null: not a date, so the header is ignored.
 */
export function parseHttpDate(text: string | undefined): number | null {
  if (text === undefined) return null;
  const isDate =
    /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ||
    /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/.test(text) ||
    /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/.test(text);
  if (!isDate) return null;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : ms;
}
