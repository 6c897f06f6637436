import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { applyPatch, copyIn, edit, prefix, type Recipe } from '../recipe.ts';

/** Mozilla's roots as the bytes of one PEM text, for a C array initialiser. */
function rootsAsC(): string {
  const pem = Buffer.from(`${rootCertificates.join('\n')}\n`);
  const lines: string[] = [];
  for (let i = 0; i < pem.length; i += 20) lines.push(pem.subarray(i, i + 20).join(','));
  return lines.join(',\n');
}

export const openssl: Recipe = {
  name: 'openssl',
  deps: [],
  files: ['c/cacerts.c', 'patches/openssl-cacerts.patch'],
  inputs: () => rootCertificates,
  /**
   * openssldir is the one place more distributions use than any other; c/cacerts.c finds the
   * bundle on the rest. no-module: the legacy provider is linked in, there is no .so to find
   * at run time. -DOPENSSL_NO_... stay at upstream's choice but for what nothing here uses.
   */
  async build(ctx) {
    await applyPatch(ctx, 'patches/openssl-cacerts.patch');
    copyIn(ctx, 'c/cacerts.c', 'crypto/x509/phpack_cacerts.c');
    writeFileSync(join(ctx.src, 'crypto/x509/phpack_roots.inc'), rootsAsC());
    // OPENSSL_VERSION_TEXT's neighbour: it would hold the paths of this machine's compiler.
    const flags = /^my \$cflags = .*/m;
    edit(join(ctx.src, 'util/mkbuildinf.pl'), flags, "my $cflags = 'cc -O2';");
    const options = [
      'no-shared',
      'no-module',
      'no-tests',
      'no-docs',
      'no-apps',
      'no-dso',
      'no-engine',
      'no-ssl3',
      'no-comp',
      'no-zlib',
      'enable-ec_nistp_64_gcc_128',
      `--prefix=${prefix}`,
      '--libdir=lib',
      '--openssldir=/etc/ssl',
    ];
    await ctx.run(['./Configure', ctx.target.opensslName, ...options]);
    await ctx.run(['make', `-j${ctx.jobs}`, 'build_libs']);
    await ctx.run(['make', 'install_dev', `DESTDIR=${ctx.dest}`]);
  },
};
