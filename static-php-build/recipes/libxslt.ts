import { join } from 'node:path';
import { autotools, edit, type Recipe } from '../recipe.ts';

export const libxslt: Recipe = {
  name: 'libxslt',
  deps: ['libxml2', 'zlib'],
  async build(ctx) {
    const configure = ['--without-python', '--without-crypto', '--without-plugins'];
    const all = /^SUBDIRS = (.*\\\n)*.*/m;
    edit(join(ctx.src, 'Makefile.in'), all, 'SUBDIRS = libxslt libexslt');
    await autotools(ctx, { configure });
  },
};
