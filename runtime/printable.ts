/** DEL and C1; what turns a line's text around (UAX #9) or breaks it. JSON allows them. */
const laterControls = '\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069';
const allControls = new RegExp(`[\\0-\\x08\\x0b-\\x1f${laterControls}]`, 'g');
const controlsBesideJson = new RegExp(`[${laterControls}]`, 'g');

/**
 * Control characters but tab and line feed made visible: what a script logs could otherwise
 * command the terminal of whoever reads it (ESC, and its one-byte forms from 0x80 on), or
 * show its text in another order or as a line of its own.
 */
export function printable(text: string): string {
  return text.replace(allControls, (character) =>
    character > '\xff' ? escapeUnicode(character) : `\\x${hexOf(character, 2)}`,
  );
}

/** JSON with those control characters escaped that JSON itself allows. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(controlsBesideJson, escapeUnicode);
}

function escapeUnicode(character: string): string {
  return `\\u${hexOf(character, 4)}`;
}

function hexOf(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
