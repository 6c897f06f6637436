import { autotools, type Recipe } from '../recipe.ts';

export const libpng: Recipe = {
  name: 'libpng',
  deps: ['zlib'],
  async build(ctx) {
    await autotools(ctx, {
      configure: [
        '--enable-hardware-optimizations',
        '--disable-tools',
        '--disable-tests',
      ],
    });
  },
};
