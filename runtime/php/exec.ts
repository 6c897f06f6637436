import { encodeOsText } from '../os-text.ts';

/** A program as node:child_process and process.execve start it. */
export interface Execution {
  file: string;
  /** With the name it is to have first. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Node starts programs with UTF-8 only. Where there are other bytes, PHP's executable is
 * started under a name by which it makes bytes of all characters and then executes what was
 * meant (native/php-sapi/main.c).
 */
export function throughPhp(php: string, execution: Execution): Execution {
  const { file, args, env } = execution;
  const texts = [file, ...args, ...Object.entries(env).flat()];
  if (texts.every((text) => text.isWellFormed())) return execution;
  // A descriptor is closed by the first execution.
  const again = file.startsWith('/proc/self/fd/') ? '/proc/self/exe' : file;
  return {
    file: php,
    args: ['phpack-exec', again, ...args].map(toCharacters),
    env: Object.fromEntries(Object.entries(env).map((pair) => pair.map(toCharacters))),
  };
}

/** One character per byte. */
function toCharacters(text: string): string {
  return encodeOsText(text).toString('latin1');
}
