import { constants } from 'node:os';
import type { PhpFailure } from './types.ts';

const signalNames = new Map<number, string>(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

/** One sentence for the log: what happened, in which script. */
export function describeFailure(failure: PhpFailure): string {
  // As a path it has one character per byte.
  const script =
    'script' in failure ? Buffer.from(failure.script, 'latin1').toString() : '';
  switch (failure.reason) {
    case 'crashed': {
      const name = signalNames.get(failure.signal) ?? 'unknown signal';
      return `PHP worker crashed: ${name} (${failure.signal}) in ${script}`;
    }
    case 'exited':
      return `PHP worker exited with status ${failure.status} in ${script}`;
    case 'timeout': {
      const { limit, afterMs, isKilled } = failure;
      const since = limit === 'request' ? '' : ' from its response on';
      const told = `PHP was told to end after ${afterMs} ms${since}`;
      return `${told}${isKilled ? ', did not, and was killed,' : ''} in ${script}`;
    }
    case 'queue-full':
      return 'Request refused: too many requests wait for a PHP worker';
    case 'queue-timeout':
      return 'Request waited too long for a PHP worker';
    case 'stopping':
      return 'Request refused: the server is stopping';
    case 'head-too-large':
      return 'Request refused: its head and variables exceed 96 KiB';
    case 'zygote-died':
      return 'PHP ended while the request ran';
    case 'damaged':
      return `Request given up: ${failure.detail} in ${script}`;
    default:
      return failure satisfies never;
  }
}

/** A word of the shared memory that cannot be right; nothing it speaks of can be trusted. */
export class DamageError extends Error {
  constructor(word: string, value: number) {
    super(`the memory shared with PHP is damaged (${word} is ${value})`);
  }
}

/** For the one exchange that cannot be handled any further. */
export function damageFailure(error: unknown, script: string): PhpFailure {
  let detail = String(error);
  if (error instanceof DamageError) detail = error.message;
  // Nobody expected it, so the place is wanted.
  else if (error instanceof Error) detail = error.stack ?? detail;
  return { reason: 'damaged', detail, script };
}

/** PHP did not come up. `output`: what it printed, the only explanation there is. */
export class PhpStartError extends Error {
  readonly code = 'PHPACK_E_PHP_START';
  readonly output: readonly string[];

  constructor(reason: string, output: readonly string[]) {
    super(['PHP could not be started', reason, ...output].join('\n'));
    this.output = output;
  }
}
