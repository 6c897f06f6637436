import type { PhpRequestHead } from './types.ts';

/**
 * The request head as PROTOCOL.md lays it out: fields in a fixed order, each ended by NUL.
 * Throws TypeError when a decoded path holds a NUL (it would shift all fields behind it);
 * in headers and targets node:http lets none through.
 */
export function encodeRequestHead(head: PhpRequestHead): string {
  if (
    head.pathInfo.includes('\0') ||
    head.scriptName.includes('\0') ||
    head.scriptFilename.includes('\0')
  ) {
    throw new TypeError('a path in a request head contains a NUL byte');
  }
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

/**
 * Response heads, parsed once per distinct block: an application sends few different ones,
 * if it sets no cookie. Bounded by emptying it, which costs one parse per block.
 */
export class ResponseHeads {
  readonly #parsed = new Map<string, readonly string[]>();
  readonly #maxEntries: number;

  constructor(maxEntries = 512) {
    this.#maxEntries = maxEntries;
  }

  /** `block`: `Name: value\r\n` lines. The result is shared: never modify it. */
  parse(block: string): readonly string[] {
    const known = this.#parsed.get(block);
    if (known) return known;
    const parsed = parseBlock(block);
    if (block.length > 4096) return parsed;
    if (this.#parsed.size >= this.#maxEntries) this.#parsed.clear();
    this.#parsed.set(block, parsed);
    return parsed;
  }
}

function parseBlock(block: string): readonly string[] {
  const result: string[] = [];
  let start = 0;
  while (start < block.length) {
    let end = block.indexOf('\r\n', start);
    if (end < 0) end = block.length;
    const colon = block.indexOf(':', start);
    if (colon > start && colon < end) {
      result.push(block.slice(start, colon), block.slice(colon + 1, end).trim());
    }
    start = end + 2;
  }
  return result;
}
