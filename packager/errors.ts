/**
 * Every way in which `phpack` fails on purpose: code, exit status and what to do.
 * docs/reference/errors.md lists the same, for readers; a test keeps both in step. What
 * was seen is the message of each error, where it is thrown.
 */

interface ErrorKind {
  exitStatus: number;
  /** What the person who runs `phpack` can do; the thrower may know better. */
  remedy: string;
}

export const errorKinds = {
  PHPACK_E_USAGE: {
    exitStatus: 2,
    remedy: 'Run `phpack help` to see the commands and their flags.',
  },
  PHPACK_E_CONFIG: {
    exitStatus: 3,
    remedy: 'Correct the key; docs/reference/config.md describes all of them.',
  },
  PHPACK_E_TEMPLATE: {
    exitStatus: 3,
    remedy: 'Choose one of the templates named above, or `plain`.',
  },
  PHPACK_E_TARGET: {
    exitStatus: 3,
    remedy: 'Run `phpack targets` to see what can be built for.',
  },
  PHPACK_E_CONFIG_EXISTS: {
    exitStatus: 3,
    remedy: 'Edit the file that is there, or move it away first.',
  },
  PHPACK_E_NO_DIRECTORY: {
    exitStatus: 4,
    remedy: 'Name the directory of the application, where its composer.json is.',
  },
  PHPACK_E_NOT_PHP: {
    exitStatus: 4,
    remedy:
      'Name the directory of a PHP application, or say what is served with --docroot.',
  },
  PHPACK_E_COMPOSER: {
    exitStatus: 4,
    remedy: 'Run `composer validate` and correct the file.',
  },
  PHPACK_E_VENDOR_MISSING: {
    exitStatus: 4,
    remedy: 'Run `composer install --no-dev --optimize-autoloader` there first.',
  },
  PHPACK_E_EXTENSION_MISSING: {
    exitStatus: 5,
    remedy: 'Remove the package that needs it, or choose an alternative that does not.',
  },
  PHPACK_E_PHP_VERSION: {
    exitStatus: 5,
    remedy: 'Update the package that forbids this PHP version.',
  },
  PHPACK_E_UNREADABLE: {
    exitStatus: 6,
    remedy: 'Make it readable, or leave it out with `exclude` in phpack.json.',
  },
  PHPACK_E_FILE_NAME: {
    exitStatus: 6,
    remedy: 'Rename the file, or leave it out with `exclude` in phpack.json.',
  },
  PHPACK_E_LINK_OUTSIDE: {
    exitStatus: 6,
    remedy: 'Replace the link by what it leads to, or `exclude` it in phpack.json.',
  },
  PHPACK_E_CHANGED: {
    exitStatus: 6,
    remedy: 'Stop what writes there, or list the path in `writable`; then build again.',
  },
  PHPACK_E_OUTPUT: {
    exitStatus: 7,
    remedy: 'Name another file with --output.',
  },
  PHPACK_E_DISK_FULL: {
    exitStatus: 7,
    remedy: 'Free some space, or name a file on another disk with --output.',
  },
  PHPACK_E_TOOL: {
    exitStatus: 8,
    remedy: 'Run `phpack doctor`, which names what is missing and installs it.',
  },
  PHPACK_E_NOT_PINNED: {
    exitStatus: 8,
    remedy:
      'Provide the pinned file; --allow-substitutes builds PHP from newer ones instead.',
  },
  PHPACK_E_PARTS: {
    exitStatus: 8,
    remedy: 'Read the messages above; `phpack doctor` shows what this machine lacks.',
  },
  PHPACK_E_PROVE: {
    exitStatus: 9,
    remedy:
      'Correct the error that the server reported above; --no-prove skips this check.',
  },
  PHPACK_E_NOT_A_BINARY: {
    exitStatus: 10,
    remedy:
      'Name a file made by `phpack build`. This one may be a copy that was cut off.',
  },
  PHPACK_E_DAMAGED: {
    exitStatus: 10,
    remedy: 'Copy the file again, or build it again.',
  },
  PHPACK_E_DOCTOR: {
    exitStatus: 11,
    remedy: 'Run the commands above, or `phpack doctor --fix` as root.',
  },
  PHPACK_E_INTERNAL: {
    exitStatus: 70,
    remedy: 'Please report it with this message.',
  },
  PHPACK_E_INTERRUPTED: {
    exitStatus: 130,
    remedy: 'Nothing was written. Run the command again.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

export class PackagerError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;

  /** `seen`: one sentence without a full stop, with the names and values involved. */
  constructor(
    code: ErrorCode,
    seen: string,
    options: { remedy?: string; cause?: unknown } = {},
  ) {
    super(seen, { cause: options.cause });
    this.name = 'PackagerError';
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
export function asPackagerError(thrown: unknown): PackagerError {
  if (thrown instanceof PackagerError) return thrown;
  if (['ENOSPC', 'EDQUOT'].includes(errnoOf(thrown))) return cacheFull(thrown);
  const text =
    thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new PackagerError('PHPACK_E_INTERNAL', text, { cause: thrown });
}

/** All that is written beside the output, which says so itself. */
function cacheFull(cause: unknown): PackagerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const seen = `no space left for the cache: ${why}`;
  const remedy = 'Free some space, or name another disk with XDG_CACHE_HOME.';
  return new PackagerError('PHPACK_E_DISK_FULL', seen, { remedy, cause });
}

/** `ENOENT`, `EACCES` … of an error of a system call, else ''. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : '';
}
