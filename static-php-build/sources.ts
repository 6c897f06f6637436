/** A file by its content; where the bytes come from does not matter. */
export interface Pin {
  sha256: string;
  /** Bytes; a cheap first check and the total of a progress line. */
  size?: number;
}

/** One third-party source. Rules for a new row: docs/reference/libphp.md. */
export interface Source extends Required<Pin> {
  /** Name of its recipe or extension, or `php`. */
  name: string;
  version: string;
  /** Versions that may stand in when the pinned file is gone start with this. */
  series: string;
  licence: string;
  /** Path of the licence text inside the unpacked tree. */
  licenceFile: string;
  /** The project's own address of the release. */
  url: string;
  /**
   * The file behind `url` when Debian had to repack it (without non-free documentation):
   * same code, other bytes. Tried after Debian's, as recipes are tested with that one.
   */
  urlPin?: Pin | 'none';
  /** Second origin; `file` is the pinned one, byte for byte upstream's without `urlPin`. */
  debian: { package: string; file: string };
}

const github = (path: string) => `https://github.com/${path}`;

/** Every source there is; the hashes are all that is trusted. */
export const sources: readonly Source[] = [
  {
    name: 'php',
    version: '8.4.24',
    series: '8.4.',
    sha256: 'e127be09a8506f4327c5cfa78a614b00d210714484ec215ce0011b4a03c00731',
    size: 13752320,
    licence: 'PHP-3.01',
    licenceFile: 'LICENSE',
    url: 'https://www.php.net/distributions/php-8.4.24.tar.xz',
    debian: { package: 'php8.4', file: 'php8.4_8.4.24.orig.tar.xz' },
  },
  {
    name: 'apcu',
    version: '5.1.24',
    series: '5.1.',
    sha256: '5c28a55b27082c69657e25b7ecf553e2cf6b74ec3fa77d6b76f4fb982e001e43',
    size: 90866,
    licence: 'PHP-3.01',
    licenceFile: 'LICENSE',
    url: 'https://pecl.php.net/get/apcu-5.1.24.tgz',
    debian: { package: 'php-apcu', file: 'php-apcu_5.1.24.orig.tar.gz' },
  },
  {
    name: 'igbinary',
    version: '3.2.16',
    series: '3.2.',
    sha256: '8bf25d465abc7973d9e2c9a3039a5f8eea635b23bc1477017ff3999ff95836da',
    size: 103279,
    licence: 'BSD-3-Clause',
    licenceFile: 'COPYING',
    url: 'https://pecl.php.net/get/igbinary-3.2.16.tgz',
    debian: { package: 'php-igbinary', file: 'php-igbinary_3.2.16.orig.tar.gz' },
  },
  {
    name: 'redis',
    version: '6.2.0',
    series: '6.',
    sha256: '5069c13dd22bd9e494bb246891052cb6cc0fc9a1b45c6a572a8be61773101363',
    size: 379865,
    licence: 'PHP-3.01',
    licenceFile: 'LICENSE',
    url: 'https://pecl.php.net/get/redis-6.2.0.tgz',
    debian: { package: 'php-redis', file: 'php-redis_6.2.0.orig.tar.gz' },
  },
  {
    name: 'argon2',
    version: '20190702',
    series: '2019',
    sha256: '815f1017b5b0033204778c2e32443257274bc5d9dd16d355c4f7db8189e23dcc',
    size: 725424,
    licence: 'CC0-1.0 OR Apache-2.0',
    licenceFile: 'LICENSE',
    url: github('P-H-C/phc-winner-argon2/archive/20190702.tar.gz'),
    urlPin: {
      sha256: 'daf972a89577f8772602bf2eb38b6a3dd3d922bf5724d45e7f9589b5e830442c',
    },
    debian: { package: 'argon2', file: 'argon2_0~20190702+dfsg.orig.tar.xz' },
  },
  {
    name: 'brotli',
    version: '1.1.0',
    series: '1.1.',
    sha256: '10973f4b4199eafa1d5735ef661ddb2ec2f97319ee9fd1824d4aabe08cff5265',
    size: 512036,
    licence: 'MIT',
    licenceFile: 'LICENSE',
    url: github('google/brotli/archive/refs/tags/v1.1.0.tar.gz'),
    urlPin: {
      sha256: 'e720a6ca29428b803f4ad165371771f5398faba397edf6778837a18599ea13ff',
    },
    debian: { package: 'brotli', file: 'brotli_1.1.0.orig.tar.gz' },
  },
  {
    name: 'bzip2',
    version: '1.0.8',
    series: '1.0.',
    sha256: 'ab5a03176ee106d3f0fa90e381da478ddae405918153cca248e682cd0c4a2269',
    size: 810029,
    licence: 'bzip2-1.0.6',
    licenceFile: 'LICENSE',
    url: 'https://sourceware.org/pub/bzip2/bzip2-1.0.8.tar.gz',
    debian: { package: 'bzip2', file: 'bzip2_1.0.8.orig.tar.gz' },
  },
  {
    name: 'curl',
    version: '8.14.1',
    series: '8.',
    sha256: '6766ada7101d292b42b8b15681120acd68effa4a9660935853cf6d61f0d984d4',
    size: 4250332,
    licence: 'curl',
    licenceFile: 'COPYING',
    url: 'https://curl.se/download/curl-8.14.1.tar.gz',
    debian: { package: 'curl', file: 'curl_8.14.1.orig.tar.gz' },
  },
  {
    name: 'freetype',
    version: '2.13.3',
    series: '2.13.',
    sha256: '686ec73cbf6783b245dd068a09ce807b729ac0f8a46dd70f7867923c32fdf4de',
    size: 2201416,
    licence: 'FTL',
    licenceFile: 'LICENSE.TXT',
    url: 'https://download.savannah.gnu.org/releases/freetype/freetype-2.13.3.tar.xz',
    urlPin: {
      sha256: '0550350666d427c74daeb85d5ac7bb353acba5f76956395995311a9c6f063289',
    },
    debian: { package: 'freetype', file: 'freetype_2.13.3+dfsg.orig.tar.xz' },
  },
  {
    name: 'gmp',
    version: '6.3.0',
    series: '6.',
    sha256: 'bd2966e6d277f79328e894a5a9f3ba3fbf2ed2be81def5f48623e30c23fb1572',
    size: 1870556,
    licence: 'LGPL-3.0-or-later OR GPL-2.0-or-later',
    licenceFile: 'COPYING.LESSERv3',
    url: 'https://gmplib.org/download/gmp/gmp-6.3.0.tar.xz',
    urlPin: {
      sha256: 'a3c2b80201b89e68616f4ad30bc66aee4927c3ce50e33929ca819d5c43538898',
    },
    debian: { package: 'gmp', file: 'gmp_6.3.0+dfsg.orig.tar.xz' },
  },
  {
    name: 'icu',
    version: '76.1',
    series: '76.',
    sha256: 'dfacb46bfe4747410472ce3e1144bf28a102feeaa4e3875bac9b4c6cf30f4f3e',
    size: 27437767,
    licence: 'Unicode-3.0',
    licenceFile: 'LICENSE',
    url: github('unicode-org/icu/releases/download/release-76-1/icu4c-76_1-src.tgz'),
    debian: { package: 'icu', file: 'icu_76.1.orig.tar.gz' },
  },
  {
    name: 'libedit',
    version: '20250104-3.1',
    series: '',
    sha256: '23792701694550a53720630cd1cd6167101b5773adddcb4104f7345b73a568ac',
    size: 546745,
    licence: 'BSD-3-Clause',
    licenceFile: 'COPYING',
    url: 'https://www.thrysoee.dk/editline/libedit-20250104-3.1.tar.gz',
    debian: { package: 'libedit', file: 'libedit_3.1-20250104.orig.tar.gz' },
  },
  {
    name: 'libffi',
    version: '3.4.8',
    series: '3.4.',
    sha256: 'cbb7f0b3b095dc506387ec1e35b891bfb4891d05b90a495bc69a10f2293f80ff',
    size: 595051,
    licence: 'MIT',
    licenceFile: 'LICENSE',
    url: github('libffi/libffi/archive/refs/tags/v3.4.8.tar.gz'),
    debian: { package: 'libffi', file: 'libffi_3.4.8.orig.tar.gz' },
  },
  {
    name: 'libjpeg',
    version: '2.1.5',
    series: '2.1.',
    sha256: '254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c',
    size: 2264471,
    licence: 'IJG AND BSD-3-Clause AND Zlib',
    licenceFile: 'LICENSE.md',
    url: github('libjpeg-turbo/libjpeg-turbo/archive/refs/tags/2.1.5.tar.gz'),
    debian: { package: 'libjpeg-turbo', file: 'libjpeg-turbo_2.1.5.orig.tar.gz' },
  },
  {
    name: 'libpng',
    version: '1.6.48',
    series: '1.6.',
    sha256: 'b17e99026055727e8cba99160c3a9a7f9af788e9f786daeadded5a42243f1dd0',
    size: 1572923,
    licence: 'libpng-2.0',
    licenceFile: 'LICENSE',
    url: github('pnggroup/libpng/archive/refs/tags/v1.6.48.tar.gz'),
    debian: { package: 'libpng1.6', file: 'libpng1.6_1.6.48.orig.tar.gz' },
  },
  {
    name: 'libpq',
    version: '17.11',
    series: '17.',
    sha256: 'dd27f2b3c59e73ed14aa3324901242bf69a032a6347805f274e6260322d42979',
    size: 21787224,
    licence: 'PostgreSQL',
    licenceFile: 'COPYRIGHT',
    url: 'https://ftp.postgresql.org/pub/source/v17.11/postgresql-17.11.tar.bz2',
    debian: { package: 'postgresql-17', file: 'postgresql-17_17.11.orig.tar.bz2' },
  },
  {
    name: 'libsodium',
    version: '1.0.18',
    series: '1.0.',
    sha256: 'd59323c6b712a1519a5daf710b68f5e7fde57040845ffec53850911f10a5d4f4',
    size: 1619527,
    licence: 'ISC',
    licenceFile: 'LICENSE',
    url: github('jedisct1/libsodium/archive/refs/tags/1.0.18.tar.gz'),
    debian: { package: 'libsodium', file: 'libsodium_1.0.18.orig.tar.gz' },
  },
  {
    name: 'libwebp',
    version: '1.5.0',
    series: '1.5.',
    sha256: '7d6fab70cf844bf6769077bd5d7a74893f8ffd4dfb42861745750c63c2a5c92c',
    size: 4267494,
    licence: 'BSD-3-Clause',
    licenceFile: 'COPYING',
    url: 'https://storage.googleapis.com/downloads.webmproject.org/releases/webp/libwebp-1.5.0.tar.gz',
    debian: { package: 'libwebp', file: 'libwebp_1.5.0.orig.tar.gz' },
  },
  {
    name: 'libxml2',
    version: '2.9.14',
    series: '2.9.',
    sha256: '4fe913dec8b1ab89d13b489b419a8203176ea39e931eaa0d25b17eafb9c279e9',
    size: 2351200,
    licence: 'MIT',
    licenceFile: 'Copyright',
    url: 'https://download.gnome.org/sources/libxml2/2.9/libxml2-2.9.14.tar.xz',
    urlPin: {
      sha256: '60d74a257d1ccec0475e749cba2f21559e48139efba6ff28224357c7c798dfee',
    },
    debian: { package: 'libxml2', file: 'libxml2_2.12.7+dfsg+really2.9.14.orig.tar.xz' },
  },
  {
    name: 'libxslt',
    version: '1.1.35',
    series: '1.1.',
    sha256: '8247f33e9a872c6ac859aa45018bc4c4d00b97e2feac9eebc10c93ce1f34dd79',
    size: 1827548,
    licence: 'MIT',
    licenceFile: 'Copyright',
    url: 'https://download.gnome.org/sources/libxslt/1.1/libxslt-1.1.35.tar.xz',
    debian: { package: 'libxslt', file: 'libxslt_1.1.35.orig.tar.xz' },
  },
  {
    name: 'libzip',
    version: '1.7.3',
    series: '1.',
    sha256: 'a60473ffdb7b4260c08bfa19c2ccea0438edac11193c3afbbb1f17fbcf6c6132',
    size: 747372,
    licence: 'BSD-3-Clause',
    licenceFile: 'LICENSE',
    url: 'https://libzip.org/download/libzip-1.7.3.tar.xz',
    debian: { package: 'libzip', file: 'libzip_1.7.3.orig.tar.xz' },
  },
  {
    name: 'ncurses',
    version: '6.5+20250216',
    series: '6.',
    sha256: 'b37baafa436e7133bb12a185cb8f60e1599b1947e9f0181c76f3190acf28b6eb',
    size: 3774714,
    licence: 'X11-distribute-modifications-variant',
    licenceFile: 'COPYING',
    url: 'https://invisible-mirror.net/archives/ncurses/current/ncurses-6.5-20250216.tgz',
    debian: { package: 'ncurses', file: 'ncurses_6.5+20250216.orig.tar.gz' },
  },
  {
    name: 'nghttp2',
    version: '1.64.0',
    series: '1.',
    sha256: 'b452dc69a1fcbc9375389b8b154175d8b7b125cdd713fc426774c2b79a1ebd77',
    size: 1069782,
    licence: 'MIT',
    licenceFile: 'COPYING',
    url: github('nghttp2/nghttp2/archive/refs/tags/v1.64.0.tar.gz'),
    debian: { package: 'nghttp2', file: 'nghttp2_1.64.0.orig.tar.gz' },
  },
  {
    name: 'oniguruma',
    version: '6.9.9',
    series: '6.9.',
    sha256: '001aa1202e78448f4c0bf1a48c76e556876b36f16d92ce3207eccfd61d99f2a0',
    size: 645616,
    licence: 'BSD-2-Clause',
    licenceFile: 'COPYING',
    url: github('kkos/oniguruma/archive/refs/tags/v6.9.9.tar.gz'),
    debian: { package: 'libonig', file: 'libonig_6.9.9.orig.tar.gz' },
  },
  {
    name: 'openssl',
    version: '3.5.7',
    series: '3.5.',
    sha256: 'a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8',
    size: 53153930,
    licence: 'Apache-2.0',
    licenceFile: 'LICENSE.txt',
    url: github('openssl/openssl/releases/download/openssl-3.5.7/openssl-3.5.7.tar.gz'),
    debian: { package: 'openssl', file: 'openssl_3.5.7.orig.tar.gz' },
  },
  {
    name: 'sqlite',
    version: '3.46.1',
    series: '3.',
    sha256: 'd0cdd2ece271b29e7ce18095745d892517ee26d0f270065b3a25c2e9eb11639c',
    size: 8456776,
    licence: 'blessing',
    licenceFile: 'LICENSE.md',
    url: 'https://www.sqlite.org/2024/sqlite-src-3460100.zip',
    urlPin: 'none',
    debian: { package: 'sqlite3', file: 'sqlite3_3.46.1.orig.tar.xz' },
  },
  {
    name: 'zlib',
    version: '1.3.1',
    series: '1.',
    sha256: '60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb',
    size: 1325737,
    licence: 'Zlib',
    licenceFile: 'LICENSE',
    url: 'https://zlib.net/fossils/zlib-1.3.1.tar.gz',
    urlPin: {
      sha256: '9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23',
    },
    debian: { package: 'zlib', file: 'zlib_1.3.dfsg+really1.3.1.orig.tar.gz' },
  },
  {
    name: 'zstd',
    version: '1.5.7',
    series: '1.5.',
    sha256: '0c092ef267edce57ba7f3f2645c861f72eaf5e76273c6c3632869423464b90a5',
    size: 1834780,
    licence: 'BSD-3-Clause OR GPL-2.0-only',
    licenceFile: 'LICENSE',
    url: github('facebook/zstd/releases/download/v1.5.7/zstd-1.5.7.tar.gz'),
    urlPin: {
      sha256: 'eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3',
    },
    debian: { package: 'libzstd', file: 'libzstd_1.5.7+dfsg.orig.tar.xz' },
  },
];

/** The row of that name; throws when there is none. */
export function findSource(name: string): Source {
  const row = sources.find((s) => s.name === name);
  if (row) return row;
  throw new Error(`no source "${name}"`);
}
