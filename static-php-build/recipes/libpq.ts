import { join } from 'node:path';
import { edit, prefix, type Recipe } from '../recipe.ts';

export const libpq: Recipe = {
  name: 'libpq',
  deps: ['zlib', 'openssl'],
  /** Only the client library and the two archives it is made of; no server, no programs. */
  async build(ctx) {
    // Where distributions have a local server's socket: a connection without a host.
    const places = join(ctx.src, 'src/include/pg_config_manual.h');
    const socket = '#define DEFAULT_PGSOCKET_DIR ';
    edit(places, `${socket} "/tmp"`, `${socket} "/var/run/postgresql"`);
    await ctx.run([
      './configure',
      `--prefix=${prefix}`,
      `--host=${ctx.target.host}`,
      '--with-openssl',
      '--without-readline',
      '--without-icu',
      '--without-gssapi',
      '--without-ldap',
      '--without-zlib',
      '--disable-rpath',
    ]);
    const parts = ['src/include', 'src/common', 'src/port'];
    const to = [`DESTDIR=${ctx.dest}`];
    await ctx.run(['make', '-C', 'src/backend', 'generated-headers']);
    for (const dir of parts) {
      await ctx.run(['make', '-C', dir, `-j${ctx.jobs}`]);
      await ctx.run(['make', '-C', dir, 'install', ...to]);
    }
    const pq = 'src/interfaces/libpq';
    await ctx.run([
      'make',
      '-C',
      pq,
      `-j${ctx.jobs}`,
      'all-static-lib',
      'libpq-refs-stamp=',
    ]);
    await ctx.run(['make', '-C', pq, 'install-lib-static', 'install-lib-pc', ...to]);
    // The other variant renames the encoding functions that a static libpq asks for.
    for (const name of ['libpgcommon', 'libpgport']) {
      const lib = `${ctx.dest}${prefix}/lib`;
      await ctx.run(['mv', `${lib}/${name}_shlib.a`, `${lib}/${name}.a`]);
    }
    const headers = ['libpq-fe.h', 'libpq-events.h'].map((h) => `${pq}/${h}`);
    await ctx.run(['install', '-m644', ...headers, `${ctx.dest}${prefix}/include`]);
  },
};
