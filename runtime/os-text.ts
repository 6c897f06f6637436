/**
 * Texts of the operating system: arguments, environment, names of files. They are bytes, and
 * mostly UTF-8. Node replaces what is not by U+FFFD; here such a byte becomes a lone surrogate,
 * U+DC80 to U+DCFF (as in Python, PEP 383), so that it can be given back.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync, readlinkSync } from 'node:fs';

const REPLACEMENT = '\ufffd';

export function decodeOsText(bytes: Buffer): string {
  const plain = bytes.toString();
  // One that was there already is found to be three bytes of UTF-8.
  if (!plain.includes(REPLACEMENT)) return plain;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = bytes.subarray(at, at + sequenceLength(bytes[at]!));
    const isValid = isUtf8(character);
    text += isValid ? character.toString() : String.fromCharCode(0xdc00 + bytes[at]!);
    at += isValid ? character.length : 1;
  }
  return text;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

export function encodeOsText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const pieces = text.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    pieces.map((piece) =>
      piece.isWellFormed()
        ? Buffer.from(piece)
        : Buffer.from([piece.charCodeAt(0) - 0xdc00]),
    ),
  );
}

/** What node:fs takes for a path. */
export function toPath(text: string): string | Buffer {
  return text.isWellFormed() ? text : encodeOsText(text);
}

/** The last arguments of this process, as Node has found them. */
export function readArguments(lossy: readonly string[]): readonly string[] {
  if (!lossy.some((word) => word.includes(REPLACEMENT))) return lossy;
  const bytes = readIfMounted('/proc/self/cmdline');
  // Node's own come first, and are not wanted.
  return bytes === null ? lossy : splitList(bytes).slice(-lossy.length);
}

export function readEnvironment(lossy: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bytes = readIfMounted('/proc/self/environ');
  // Not to be seen in what Node makes of it: names that are not UTF-8 are missing there.
  if (bytes === null || isUtf8(bytes)) return lossy;
  const env: NodeJS.ProcessEnv = {};
  for (const pair of splitList(bytes)) {
    const equals = pair.indexOf('=', 1);
    // Of two with one name, getenv() finds the first.
    if (equals > 0) env[pair.slice(0, equals)] ??= pair.slice(equals + 1);
  }
  return env;
}

export function readWorkingDirectory(lossy: string): string {
  if (!lossy.includes(REPLACEMENT)) return lossy;
  return decodeOsText(readlinkSync('/proc/self/cwd', 'buffer'));
}

/** null where /proc is not. */
function readIfMounted(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** Texts with a NUL after each. */
function splitList(bytes: Buffer): string[] {
  const list: string[] = [];
  for (let at = 0, end: number; (end = bytes.indexOf(0, at)) >= 0; at = end + 1) {
    list.push(decodeOsText(bytes.subarray(at, end)));
  }
  return list;
}
