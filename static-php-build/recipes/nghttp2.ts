import { cmake, type Recipe } from '../recipe.ts';

export const nghttp2: Recipe = {
  name: 'nghttp2',
  deps: [],
  build: (ctx) =>
    cmake(ctx, ['-DENABLE_LIB_ONLY=ON', '-DBUILD_STATIC_LIBS=ON', '-DBUILD_TESTING=OFF']),
};
