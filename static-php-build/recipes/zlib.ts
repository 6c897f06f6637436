import { prefix, type Recipe } from '../recipe.ts';

export const zlib: Recipe = {
  name: 'zlib',
  deps: [],
  async build(ctx) {
    await ctx.run(['./configure', `--prefix=${prefix}`, '--static']);
    await ctx.run(['make', `-j${ctx.jobs}`, 'libz.a']);
    await ctx.run(['make', 'install', `DESTDIR=${ctx.dest}`]);
  },
};
