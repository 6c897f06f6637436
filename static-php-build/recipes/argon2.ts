import { installLibrary, type Recipe } from '../recipe.ts';

export const argon2: Recipe = {
  name: 'argon2',
  deps: [],
  /** Its Makefile defaults to -march=native; the portable code is these files. */
  async build(ctx) {
    const sources = ['argon2', 'core', 'encoding', 'ref', 'thread', 'blake2/blake2b'];
    const flags = (ctx.env.CFLAGS ?? '').split(' ');
    const objects: string[] = [];
    for (const name of sources) {
      const object = `${name.replace('/', '-')}.o`;
      const args = [...flags, '-Iinclude', '-Isrc', '-c', `src/${name}.c`, '-o', object];
      await ctx.run([ctx.tools.cc, ...args]);
      objects.push(object);
    }
    const libs = '-largon2 -lpthread';
    const headers = ['include/argon2.h'];
    const version = '20190702';
    await installLibrary(ctx, {
      name: 'argon2',
      pc: 'libargon2',
      version,
      libs,
      objects,
      headers,
    });
  },
};
