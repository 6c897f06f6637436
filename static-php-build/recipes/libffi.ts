import { join } from 'node:path';
import { autotools, edit, type Recipe } from '../recipe.ts';

export const libffi: Recipe = {
  name: 'libffi',
  deps: [],
  /**
   * The tarball is the repository's, without a generated configure. Its one macro from
   * libltdl asks whether C symbols start with an underscore: not in ELF.
   */
  async build(ctx) {
    const uscore = /^LT_SYS_SYMBOL_USCORE/m;
    edit(join(ctx.src, 'configure.ac'), uscore, 'sys_symbol_underscore=no');
    await ctx.run(['autoreconf', '-fi']);
    const configure = ['--disable-docs', '--disable-multi-os-directory', '--with-pic'];
    await autotools(ctx, { configure });
  },
};
