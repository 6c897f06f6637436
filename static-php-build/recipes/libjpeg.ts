import { cmake, type Recipe } from '../recipe.ts';

export const libjpeg: Recipe = {
  name: 'libjpeg',
  deps: [],
  build: (ctx) =>
    cmake(ctx, [
      ...['-DENABLE_SHARED=OFF', '-DWITH_TURBOJPEG=OFF', '-DWITH_SIMD=ON'],
      ...['-DREQUIRE_SIMD=ON', '-DWITH_JPEG8=ON'],
      `-DCMAKE_SYSTEM_PROCESSOR=${ctx.target.host.split('-')[0]}`,
    ]),
};
