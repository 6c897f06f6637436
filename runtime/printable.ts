const controls =
  // oxlint-disable-next-line no-control-regex
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Control characters but tab and line feed made visible: what a script logs could otherwise
 * command the terminal of whoever reads it (ESC, and its one-byte forms from 0x80 on), or
 * show its text in another order (UAX #9) or as a line of its own.
 */
export function printable(text: string): string {
  return text.replace(controls, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2
      ? `\\u${code.padStart(4, '0')}`
      : `\\x${code.padStart(2, '0')}`;
  });
}

/** Those that JSON itself allows. */
const controlsBesideJson = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** JSON with them escaped. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    controlsBesideJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
