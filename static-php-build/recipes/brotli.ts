import { cmake, type Recipe } from '../recipe.ts';

export const brotli: Recipe = {
  name: 'brotli',
  deps: [],
  build: (ctx) => cmake(ctx, ['-DBROTLI_DISABLE_TESTS=ON']),
};
