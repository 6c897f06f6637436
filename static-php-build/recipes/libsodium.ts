import { autotools, type Recipe } from '../recipe.ts';

export const libsodium: Recipe = {
  name: 'libsodium',
  deps: [],
  /** The tarball is the repository's, without a generated configure. */
  async build(ctx) {
    await ctx.run(['autoreconf', '-fi']);
    await autotools(ctx, { make: ['-C', 'src'], install: ['-C', 'src', 'install'] });
    await ctx.run(['make', 'install-pkgconfigDATA', `DESTDIR=${ctx.dest}`]);
  },
};
