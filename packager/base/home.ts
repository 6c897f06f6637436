import { join } from 'node:path';

/**
 * The repository, or the installed package: where packager/, runtime/ and templates/ are.
 */
export const home = join(import.meta.dirname, '../..');
