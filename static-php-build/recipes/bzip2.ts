import { prefix, type Recipe } from '../recipe.ts';

export const bzip2: Recipe = {
  name: 'bzip2',
  deps: [],
  // Its Makefile has no DESTDIR and builds the programs with the library.
  async build(ctx) {
    const to = `${ctx.dest}${prefix}`;
    const tools = [
      `CC=${ctx.tools.cc}`,
      `AR=${ctx.tools.ar}`,
      `RANLIB=${ctx.tools.ranlib}`,
    ];
    const flags = `CFLAGS=${ctx.env.CFLAGS} -D_FILE_OFFSET_BITS=64`;
    await ctx.run(['make', `-j${ctx.jobs}`, 'libbz2.a', ...tools, flags]);
    await ctx.run(['install', '-Dm644', 'libbz2.a', `${to}/lib/libbz2.a`]);
    await ctx.run(['install', '-Dm644', 'bzlib.h', `${to}/include/bzlib.h`]);
  },
};
