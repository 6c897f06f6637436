import { autotools, type Recipe } from '../recipe.ts';

export const icu: Recipe = {
  name: 'icu',
  deps: [],
  /** Data is linked in as an archive: 31 MB, the whole set, so that no locale is missing. */
  async build(ctx) {
    const no = ['extras', 'icuio', 'layoutex', 'tests', 'samples', 'fuzzer'];
    await autotools(ctx, {
      cwd: 'source',
      configure: [
        ...no.map((n) => `--disable-${n}`),
        '--with-data-packaging=static',
        '--disable-dyload',
      ],
      env: { CXXFLAGS: `${ctx.env.CXXFLAGS} -std=c++17` },
    });
  },
};
