import type { PhpRequestHead } from './types.ts';

/**
 * Throws TypeError when a decoded path holds a NUL: it would shift all fields behind it.
 * The other fields come from the wire, where node:http lets no NUL through.
 */
export function checkRequestHead(head: PhpRequestHead): void {
  if (
    head.pathInfo.includes('\0') ||
    head.scriptName.includes('\0') ||
    head.scriptFilename.includes('\0')
  ) {
    throw new TypeError('a path in a request head contains a NUL byte');
  }
}

/** The request head as PROTOCOL.md lays it out: fields in a fixed order, each ended by NUL. */
export function encodeRequestHead(head: PhpRequestHead): string {
  // Concatenation, not join: V8 builds a rope and flattens it once, in latin1Write.
  let text =
    `${head.method}\0${head.target}\0${head.protocol}\0${head.scheme}\0` +
    `${head.remoteAddress}\0${head.remotePort}\0` +
    `${head.serverAddress}\0${head.serverPort}\0${head.serverName}\0` +
    `${head.documentRoot}\0${head.scriptFilename}\0${head.scriptName}\0` +
    `${head.pathInfo}\0${head.queryString}\0` +
    `${head.contentType}\0${head.contentLength}\0`;
  const { rawHeaders, variables } = head;
  for (let i = 0; i < rawHeaders.length; i++) text += `${rawHeaders[i]}\0`;
  for (let i = 0; i < variables.length; i++) text += `${variables[i]}\0`;
  return text;
}

export interface ParsedHead {
  /** 200–999. */
  status: number;
  /** name, value … Shared between responses: never modify it. */
  headers: readonly string[];
  /** Of the script's own status line; '' for the usual one. */
  reason: string;
  /** One sentence per thing that was not passed on, for the log. */
  problems: readonly string[];
}

/**
 * About the connection, which is the front's (RFC 9110 §7.6.1), not the response: a script
 * that passes on what another server sent it would break the framing with them. `Status` is
 * the SAPI's, for the reason phrase.
 */
const withheld = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'status',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 §5.6.2 token, and what node:http lets pass in a value. Else it would throw. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const value = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Longer blocks are parsed each time: they would fill the memory, and are rarely alike. */
const MAX_CACHED_BLOCK = 4096;

/**
 * Response heads, parsed once per distinct block: an application sends few different ones,
 * if it sets no cookie. Bounded by emptying it, which costs one parse per block.
 */
export class ResponseHeads {
  readonly #parsed = new Map<string, ParsedHead>();
  readonly #maxEntries: number;

  constructor(maxEntries = 512) {
    this.#maxEntries = maxEntries;
  }

  /** `block`: `Name: value\r\n` lines, one character per byte. */
  parse(status: number, block: string): ParsedHead {
    const known = this.#parsed.get(block);
    if (known && known.status === status) return known;
    const parsed = parseBlock(status, block);
    if (block.length > MAX_CACHED_BLOCK || parsed.status !== status) return parsed;
    if (this.#parsed.size >= this.#maxEntries) this.#parsed.clear();
    this.#parsed.set(block, parsed);
    return parsed;
  }
}

function parseBlock(status: number, block: string): ParsedHead {
  const headers: string[] = [];
  const problems: string[] = [];
  let reason = '';
  for (const line of block.split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim();
    const text = line.slice(colon + 1).trim();
    if (!token.test(name) || !value.test(text)) {
      problems.push(`Invalid response header dropped: ${JSON.stringify(line)}`);
    } else if (!withheld.has(name.toLowerCase())) {
      headers.push(name, text);
    } else if (name === 'Status' && text.startsWith(`${status} `)) {
      reason = text.slice(4).trim();
    }
  }
  // A final response cannot be 1xx; node:http refuses what is not three digits.
  const isFinal = status >= 200 && status <= 999;
  if (!isFinal) problems.push(`Invalid response status ${status}: sent as 500`);
  return { status: isFinal ? status : 500, headers, reason, problems };
}
