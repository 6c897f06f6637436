import { join } from 'node:path';
import { autotools, edit, type Recipe } from '../recipe.ts';

export const libwebp: Recipe = {
  name: 'libwebp',
  deps: [],
  /** Only the two libraries: its top makefile would build the programs as well. */
  async build(ctx) {
    const no = [
      'libwebpmux',
      'libwebpdemux',
      'gl',
      'sdl',
      'png',
      'jpeg',
      'tiff',
      'gif',
      'wic',
    ];
    edit(join(ctx.src, 'Makefile.in'), /^SUBDIRS = .*/m, 'SUBDIRS = sharpyuv src');
    await autotools(ctx, { configure: no.map((n) => `--disable-${n}`) });
  },
};
