/** A program as node:child_process and process.execve start it. */
export interface Execution {
  file: string;
  /** With the name it is to have first. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Node starts programs with UTF-8 only. Where there are other bytes, PHP's executable is
 * started under a name by which it makes them of the characters that stand for them, and then
 * executes what was meant (native/php-sapi/exec.c).
 */
export function throughPhp(php: string, execution: Execution): Execution {
  const { file, args, env } = execution;
  const texts = [file, ...args, ...Object.entries(env).flat()];
  if (texts.every((text) => text.isWellFormed())) return execution;
  // A descriptor is closed by the first execution.
  const again = file.startsWith('/proc/self/fd/') ? '/proc/self/exe' : file;
  return {
    file: php,
    args: ['phpack-exec', again, ...args].map(standIn),
    env: Object.fromEntries(Object.entries(env).map((pair) => pair.map(standIn))),
  };
}

/**
 * For each byte that is not UTF-8 a character from U+F780 to U+F7FF, of private use. Those that
 * are there already become three bytes that are not.
 */
function standIn(text: string): string {
  return text.replace(/[\udc80-\udcff\uf780-\uf7ff]/gu, (character) => {
    const bytes = character.isWellFormed()
      ? [...Buffer.from(character)]
      : [character.charCodeAt(0) - 0xdc00];
    return String.fromCharCode(...bytes.map((byte) => 0xf700 + byte));
  });
}
