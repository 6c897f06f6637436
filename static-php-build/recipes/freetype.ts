import { autotools, type Recipe } from '../recipe.ts';

export const freetype: Recipe = {
  name: 'freetype',
  deps: ['zlib', 'libpng', 'brotli'],
  async build(ctx) {
    await autotools(ctx, {
      configure: [
        '--with-zlib=yes',
        '--with-png=yes',
        '--with-brotli=yes',
        '--with-bzip2=no',
        '--with-harfbuzz=no',
        '--enable-freetype-config=no',
      ],
    });
  },
};
