import { autotools, type Recipe } from '../recipe.ts';

export const libxml2: Recipe = {
  name: 'libxml2',
  deps: ['zlib'],
  async build(ctx) {
    await autotools(ctx, {
      configure: [
        '--without-python',
        '--without-lzma',
        '--without-icu',
        '--without-debug',
        '--without-http',
        '--without-ftp',
        '--with-legacy',
        `--with-zlib=${ctx.deps}`,
        '--without-readline',
        '--without-history',
      ],
      make: ['libxml2.la', 'xml2-config'],
      install: ['install-libLTLIBRARIES', 'install-data', 'install-binSCRIPTS'],
    });
  },
};
