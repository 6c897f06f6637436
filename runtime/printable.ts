// oxlint-disable-next-line no-control-regex
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Control characters but tab and line feed made visible: what a script logs could otherwise
 * command the terminal of whoever reads it (ESC, and its one-byte forms from 0x80 on).
 */
export function printable(text: string): string {
  return text.replace(
    controls,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

// oxlint-disable-next-line no-control-regex
const controlsBesideJson = /[\x7f-\x9f]/g;

/** JSON with those control characters escaped that JSON itself allows. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    controlsBesideJson,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
