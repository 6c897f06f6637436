/**
 * Every way in which the product fails on purpose: code, exit status and what to do.
 * docs/reference/errors.md lists the same, for readers; a test keeps both in step.
 * What was seen is the message of each error, where it is thrown.
 */
import { getSystemErrorName } from 'node:util';

interface ErrorKind {
  exitStatus: number;
  /** What the person who starts the binary can do; the thrower may know better. */
  remedy: string;
}

export const errorKinds = {
  PHPACK_E_USAGE: {
    exitStatus: 2,
    remedy: 'Run the binary with `help` to see its commands and flags.',
  },
  PHPACK_E_CONFIG: {
    exitStatus: 3,
    remedy: 'Correct the flag, or the key in phpack.json and build again.',
  },
  PHPACK_E_INI: {
    exitStatus: 3,
    remedy: 'Write it as name=value with a name that php.ini knows, on one line.',
  },
  PHPACK_E_NO_PAYLOAD: {
    exitStatus: 4,
    remedy: 'Copy the file again and compare its size with the original.',
  },
  PHPACK_E_PAYLOAD_FORMAT: {
    exitStatus: 4,
    remedy: 'Build the binary again, base and payload with the same phpack.',
  },
  PHPACK_E_PAYLOAD_DAMAGED: {
    exitStatus: 4,
    remedy: 'Copy the file again and compare its checksum with the original.',
  },
  PHPACK_E_DATA_DIR_UNKNOWN: {
    exitStatus: 5,
    remedy: 'Name a directory with --data-dir or PHPACK_DATA_DIR.',
  },
  PHPACK_E_DATA_DIR_NAME: {
    exitStatus: 5,
    remedy: 'Name another directory with --data-dir or PHPACK_DATA_DIR.',
  },
  PHPACK_E_DATA_DIR_READ_ONLY: {
    exitStatus: 5,
    remedy: 'Name a writable directory with --data-dir or PHPACK_DATA_DIR.',
  },
  PHPACK_E_DATA_DIR_UNSAFE: {
    exitStatus: 5,
    remedy: 'Name a directory of your own with --data-dir, or correct owner and mode.',
  },
  PHPACK_E_DISK_FULL: {
    exitStatus: 5,
    remedy: 'Free some space or name another file system with --data-dir.',
  },
  PHPACK_E_NOEXEC: {
    exitStatus: 5,
    remedy: 'Name a directory on a file system mounted without noexec with --data-dir.',
  },
  PHPACK_E_NO_PROC: {
    exitStatus: 5,
    remedy: 'Mount it: mount -t proc proc /proc',
  },
  PHPACK_E_WRITABLE_PATH: {
    exitStatus: 5,
    remedy:
      'Move what is in the way, or correct `writable` in phpack.json and build again.',
  },
  PHPACK_E_PHP_START: {
    exitStatus: 6,
    remedy: 'Read what PHP said above; `php-cli -v` with the same flags shows it again.',
  },
  PHPACK_E_LISTEN: {
    exitStatus: 7,
    remedy: 'Stop what uses the address, or choose another one with --listen.',
  },
  PHPACK_E_INTERNAL: {
    exitStatus: 70,
    remedy: 'Please report it to the vendor with this message.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export class ProductError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;

  /** `seen`: one sentence without a full stop, with the names and values involved. */
  constructor(
    code: ErrorCode,
    seen: string,
    options: { remedy?: string; cause?: unknown } = {},
  ) {
    super(seen, { cause: options.cause });
    this.name = 'ProductError';
    this.code = code;
    this.remedy = options.remedy ?? errorKinds[code].remedy;
  }

  get exitStatus(): number {
    return errorKinds[this.code].exitStatus;
  }
}

/**
 * Anything thrown, as an error with a code; unexpected ones keep their stack as message.
 */
export function asProductError(thrown: unknown): ProductError {
  if (thrown instanceof ProductError) return thrown;
  const text =
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new ProductError('PHPACK_E_INTERNAL', text, { cause: thrown });
}

/** `ENOENT`, `EACCES` … of an error of a system call (also of the addon's), else ''. */
export function errnoOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  if (!('errno' in thrown) || typeof thrown.errno !== 'number') return '';
  return getSystemErrorName(-Math.abs(thrown.errno));
}
