import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY } = constants;
/**
 * Linux: a file without a name. node:fs does not export it; its flag includes
 * O_DIRECTORY.
 */
const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/**
 * Makes files that no one else can find: they have no name, so that nothing is left of
 * them when the last descriptor is closed, also by a kill.
 */
export class SpoolDirectory {
  readonly #path: string;
  #hasUnnamed = true;

  /** `path`: a private directory of ours. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A descriptor for reading and writing. Throws what open(2) fails with. */
  openFile(): number {
    if (this.#hasUnnamed) {
      try {
        return openSync(this.#path, O_RDWR | O_TMPFILE, 0o600);
      } catch (error) {
        // File systems and kernels without it answer one of these.
        if (!['EOPNOTSUPP', 'EISDIR', 'EINVAL'].includes(errnoOf(error))) throw error;
        this.#hasUnnamed = false;
      }
    }
    const name = join(this.#path, `.spool-${randomBytes(12).toString('hex')}`);
    const fd = openSync(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      unlinkSync(name);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  }
}

/** The file system has no room, or not for us. */
export function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errnoOf(error));
}
