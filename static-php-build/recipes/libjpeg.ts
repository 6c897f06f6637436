import { cmake, prefix, type Recipe } from '../recipe.ts';

export const libjpeg: Recipe = {
  name: 'libjpeg',
  deps: [],
  build: (ctx) =>
    cmake(ctx, [
      '-DENABLE_SHARED=OFF',
      '-DWITH_TURBOJPEG=OFF',
      '-DWITH_SIMD=ON',
      '-DREQUIRE_SIMD=ON',
      '-DWITH_JPEG8=ON',
      // It declares this one as a path, and CMake makes a relative path absolute.
      `-DCMAKE_INSTALL_LIBDIR=${prefix}/lib`,
      `-DCMAKE_SYSTEM_PROCESSOR=${ctx.target.host.split('-')[0]}`,
    ]),
};
