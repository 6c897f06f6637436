import { cmake, type Recipe } from '../recipe.ts';

export const oniguruma: Recipe = {
  name: 'oniguruma',
  deps: [],
  build: (ctx) => cmake(ctx, ['-DENABLE_POSIX_API=OFF', '-DBUILD_TEST=OFF']),
};
