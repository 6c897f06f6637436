import { ProductError } from '../errors.ts';
import { type CommandName, commands, type Flag, flags } from './flags.ts';

export interface ParsedArguments {
  command: CommandName;
  /** By flag name; the texts in order. A flag without a value has the text `true`. */
  flags: ReadonlyMap<string, readonly string[]>;
  /** After the command: arguments for PHP. */
  rest: readonly string[];
}

/**
 * `[FLAG]… [COMMAND] [FLAG]…`; after `php-cli`, everything belongs to PHP. Throws
 * PHPACK_E_USAGE.
 */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const found = new Map<string, string[]>();
  let command: CommandName | null = null;
  for (let at = 0; at < argv.length; ) {
    const word = argv[at]!;
    if (!word.startsWith('-') || word === '-') {
      if (command !== null || !isCommand(word)) throw usage(`unknown command ${word}`);
      command = word;
      at++;
      if (command === 'php-cli') return finish(command, found, argv.slice(at));
    } else if (word === '-h' || word === '--help') {
      return { command: 'help', flags: new Map(), rest: [] };
    } else if (word === '-V' || word === '--version') {
      return { command: 'version', flags: found, rest: [] };
    } else {
      at += takeFlag(argv, at, found);
    }
  }
  return finish(command ?? 'serve', found, []);
}

/** Number of arguments taken. */
function takeFlag(
  argv: readonly string[],
  at: number,
  into: Map<string, string[]>,
): number {
  const word = argv[at]!;
  const isLong = word.startsWith('--');
  const equals = word.indexOf('=');
  const name = isLong ? word.slice(2, equals < 0 ? undefined : equals) : word.slice(1, 2);
  const flag = flags.find((one) => name === (isLong ? one.name : one.short));
  if (!flag) throw usage(`unknown flag ${isLong ? `--${name}` : `-${name}`}`);
  const attached = isLong
    ? equals < 0
      ? null
      : word.slice(equals + 1)
    : word.slice(2) || null;
  if (flag.value.kind === 'none') {
    if (attached !== null) throw usage(`--${flag.name} takes no value`);
    add(into, flag, 'true');
    return 1;
  }
  const value = attached ?? argv[at + 1];
  if (value === undefined) {
    throw usage(`--${flag.name} needs a value: ${flag.value.placeholder}`);
  }
  add(into, flag, value);
  return attached === null ? 2 : 1;
}

/** What becomes an argument, variable or directive of PHP may be any bytes. */
const takesBytes = ['define', 'env', 'data-dir'];

function add(into: Map<string, string[]>, flag: Flag, value: string): void {
  if (!value.isWellFormed() && !takesBytes.includes(flag.name)) {
    throw new ProductError('PHPACK_E_CONFIG', `--${flag.name}: ${value} is not UTF-8`);
  }
  const before = into.get(flag.name) ?? [];
  // The last one counts, as usual, unless the flag makes a list.
  into.set(flag.name, flag.isRepeatable ? [...before, value] : [value]);
}

function finish(
  command: CommandName,
  found: ReadonlyMap<string, readonly string[]>,
  rest: readonly string[],
): ParsedArguments {
  for (const name of found.keys()) {
    const flag = flags.find((one) => one.name === name)!;
    if (!flag.commands.includes(command)) {
      throw usage(`${command} takes no --${name}`);
    }
  }
  return { command, flags: found, rest };
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

function usage(seen: string): ProductError {
  return new ProductError('PHPACK_E_USAGE', seen);
}
