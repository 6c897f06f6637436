import { autotools, prefix, type Recipe } from '../recipe.ts';

/** Its private copy of Argon2 has these names in common with libargon2, which PHP uses too. */
const clashing = [
  ...['ctx', 'hash', 'verify'].map((name) => `argon2_${name}`),
  ...['hash_encoded', 'hash_raw', 'verify'].flatMap((n) => [
    `argon2i_${n}`,
    `argon2id_${n}`,
  ]),
  'blake2b_long',
  'decode_string',
  'encode_string',
  'fill_first_blocks',
  'fill_memory_blocks',
  'finalize',
  'initial_hash',
  'initialize',
  'validate_inputs',
];

export const libsodium: Recipe = {
  name: 'libsodium',
  deps: [],
  /** The tarball is the repository's, without a generated configure. */
  async build(ctx) {
    await ctx.run(['autoreconf', '-fi']);
    await autotools(ctx, { make: ['-C', 'src'], install: ['-C', 'src', 'install'] });
    await ctx.run(['make', 'install-pkgconfigDATA', `DESTDIR=${ctx.dest}`]);
    const renames = clashing.flatMap((n) => [
      '--redefine-sym',
      `${n}=phpack_sodium_${n}`,
    ]);
    const archive = `${ctx.dest}${prefix}/lib/libsodium.a`;
    await ctx.run([`${ctx.target.toolPrefix}objcopy`, '-D', ...renames, archive]);
  },
};
