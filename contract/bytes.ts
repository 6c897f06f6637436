/**
 * Inside the front a path is a binary string: one character per byte, as node:http gives
 * targets and as PHP's side wants them. File names need not be UTF-8.
 */

/** The binary string of a name or pattern written as text. */
export function toBinary(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

/** What node:fs takes for a path given as binary string. */
export function toFsPath(path: string): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, 'latin1');
}

/** For logs: text again where it is UTF-8. */
export function toText(binary: string): string {
  return isAscii(binary) ? binary : Buffer.from(binary, 'latin1').toString();
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(text);
}
