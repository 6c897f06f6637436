/**
 * PHP's own options (sapi/cli/php_cli.c, OPTIONS): which take a value, and which mean
 * that the first other argument is not a script.
 */
const SHORT_WITH_VALUE = 'BcdEFfRrStz';
const LONG_WITH_VALUE = new Map([
  ['process-begin', 'B'],
  ['php-ini', 'c'],
  ['define', 'd'],
  ['process-end', 'E'],
  ['process-file', 'F'],
  ['file', 'f'],
  ['process-code', 'R'],
  ['run', 'r'],
  ['server', 'S'],
  ['docroot', 't'],
  ['bindpath', 'b'],
  ['zend-extension', 'z'],
  ['rf', ''],
  ['rfunction', ''],
  ['rc', ''],
  ['rclass', ''],
  ['re', ''],
  ['rextension', ''],
  ['rz', ''],
  ['rzendextension', ''],
  ['ri', ''],
  ['rextinfo', ''],
  ['repeat', ''],
]);
/** Their code comes from the command line or standard input, not from a script. */
const WITHOUT_SCRIPT = 'rRFBE';

/** Where the script's name stands: argument `index`, from character `offset` on. */
export interface ScriptPlace {
  index: number;
  offset: number;
}

/** null when no script is run: `-r`, `-v`, code from standard input … */
export function findScript(args: readonly string[]): ScriptPlace | null {
  let isScriptWanted = true;
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    // After `--`, PHP reads code from standard input; a lone `-` means the same.
    if (word === '--' || word === '-') return null;
    if (!word.startsWith('-')) return isScriptWanted ? { index, offset: 0 } : null;
    const option = readOption(word);
    if (!option) continue;
    if (option.letter === 'f' || option.letter === 'F') {
      return option.valueAt === null
        ? index + 1 < args.length
          ? { index: index + 1, offset: 0 }
          : null
        : { index, offset: option.valueAt };
    }
    if (WITHOUT_SCRIPT.includes(option.letter) && option.letter) isScriptWanted = false;
    if (option.valueAt === null) index++;
  }
  return null;
}

interface OptionWithValue {
  letter: string;
  /** Where the value begins in the same word; null: it is the next word. */
  valueAt: number | null;
}

/** The option in `word` that takes a value; null when none does. */
function readOption(word: string): OptionWithValue | null {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    const letter = LONG_WITH_VALUE.get(word.slice(2, equals < 0 ? undefined : equals));
    if (letter === undefined) return null;
    return { letter, valueAt: equals < 0 ? null : equals + 1 };
  }
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    if (!SHORT_WITH_VALUE.includes(letter)) continue;
    // `-d x`, `-dx`, `-d=x`: as php_getopt() reads them.
    const valueAt = word[at + 1] === '=' ? at + 2 : at + 1;
    return { letter, valueAt: valueAt < word.length ? valueAt : null };
  }
  return null;
}
