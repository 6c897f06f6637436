import { autotools, type Recipe } from '../recipe.ts';

export const libedit: Recipe = {
  name: 'libedit',
  deps: ['ncurses'],
  async build(ctx) {
    await autotools(ctx, {
      configure: ['--disable-examples'],
      env: {
        LIBS: '-ltinfo',
        CPPFLAGS: `${ctx.env.CPPFLAGS} -D__STDC_ISO_10646__=201706L`,
      },
      install: ['-C', 'src', 'install'],
    });
    await ctx.run(['make', 'install-pkgconfigDATA', `DESTDIR=${ctx.dest}`]);
  },
};
