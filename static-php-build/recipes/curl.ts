import { autotools, type Recipe } from '../recipe.ts';

export const curl: Recipe = {
  name: 'curl',
  deps: ['zlib', 'brotli', 'zstd', 'openssl', 'nghttp2'],
  /** No CA path of its own: OpenSSL's default, which c/cacerts.c finds at run time. */
  async build(ctx) {
    const without = [
      'libpsl',
      'libidn2',
      'librtmp',
      'libssh2',
      'libssh',
      'gssapi',
      'ca-bundle',
    ];
    const disable = ['ldap', 'ldaps', 'manual', 'docs', 'libcurl-option', 'rtsp', 'smb'];
    await autotools(ctx, {
      configure: [
        ...[...without, 'ca-path'].map((n) => `--without-${n}`),
        ...disable.map((n) => `--disable-${n}`),
        `--with-openssl=${ctx.deps}`,
        `--with-nghttp2=${ctx.deps}`,
        `--with-zlib=${ctx.deps}`,
        `--with-brotli=${ctx.deps}`,
        `--with-zstd=${ctx.deps}`,
        '--enable-threaded-resolver',
        '--enable-ipv6',
        '--enable-websockets',
        '--with-ca-fallback',
      ],
      env: { LIBS: '-lpthread -ldl' },
      make: ['-C', 'lib'],
      install: ['-C', 'lib', 'install'],
    });
    await ctx.run(['make', '-C', 'include', 'install', `DESTDIR=${ctx.dest}`]);
    await ctx.run(['make', 'install-pkgconfigDATA', `DESTDIR=${ctx.dest}`]);
  },
};
