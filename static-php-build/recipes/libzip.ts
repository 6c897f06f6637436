import { cmake, type Recipe } from '../recipe.ts';

export const libzip: Recipe = {
  name: 'libzip',
  deps: ['zlib', 'bzip2', 'openssl'],
  build: (ctx) =>
    cmake(ctx, [
      ...['REGRESS', 'EXAMPLES', 'DOC', 'TOOLS'].map((n) => `-DBUILD_${n}=OFF`),
      ...['GNUTLS', 'MBEDTLS', 'LZMA'].map((n) => `-DENABLE_${n}=OFF`),
      '-DENABLE_OPENSSL=ON',
      `-DOPENSSL_ROOT_DIR=${ctx.deps}`,
    ]),
};
