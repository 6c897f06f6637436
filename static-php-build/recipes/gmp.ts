import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { autotools, type Recipe } from '../recipe.ts';

export const gmp: Recipe = {
  name: 'gmp',
  deps: [],
  /** --enable-fat: assembly for every processor, chosen at run time instead of by ours. */
  async build(ctx) {
    // Debian's tarball has no doc/ (its licence), which configure insists on.
    mkdirSync(join(ctx.src, 'doc'), { recursive: true });
    const makefile = join(ctx.src, 'doc/Makefile.in');
    if (!existsSync(makefile)) writeFileSync(makefile, 'all install:\n');
    await autotools(ctx, { configure: ['--enable-fat', '--disable-cxx', '--with-pic'] });
  },
};
