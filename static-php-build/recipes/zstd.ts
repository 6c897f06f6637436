import { prefix, type Recipe } from '../recipe.ts';

export const zstd: Recipe = {
  name: 'zstd',
  deps: [],
  async build(ctx) {
    const vars = [`PREFIX=${prefix}`, `DESTDIR=${ctx.dest}`, 'ZSTD_LEGACY_SUPPORT=0'];
    await ctx.run(['make', '-C', 'lib', `-j${ctx.jobs}`, 'libzstd.a', ...vars]);
    const install = ['install-static', 'install-includes', 'install-pc'];
    await ctx.run(['make', '-C', 'lib', ...install, ...vars]);
  },
};
