/** What PHP is built with: one row per extension, what it costs and what it needs. */
export interface Extension {
  /** Name as `php -m` prints it, lower case. */
  name: string;
  /** configure's words for it; none where it cannot be left out. */
  configure: readonly string[];
  /** Libraries of recipes/ it is linked with. */
  libraries: readonly string[];
  /** Other rows it needs. */
  needs?: readonly string[];
  /** Name in sources.ts when it is not part of PHP's tarball. */
  source?: string;
}

const plain = (name: string, ...needs: string[]): Extension => {
  return { name, configure: [`--enable-${name}`], libraries: [], needs };
};
const builtIn = (name: string): Extension => ({ name, configure: [], libraries: [] });
const using = (name: string, configure: string[], ...libraries: string[]): Extension => {
  return { name, configure, libraries };
};

export const extensions: readonly Extension[] = [
  ...['core', 'date', 'hash', 'json', 'pcre', 'random', 'reflection', 'spl'].map(builtIn),
  using('standard', ['--with-password-argon2'], 'argon2'),
  { ...using('apcu', ['--enable-apcu']), source: 'apcu' },
  plain('bcmath'),
  using('bz2', ['--with-bz2=@deps@'], 'bzip2'),
  plain('calendar'),
  plain('ctype'),
  using('curl', ['--with-curl'], 'curl'),
  plain('dom', 'libxml'),
  plain('exif'),
  using('ffi', ['--with-ffi'], 'libffi'),
  plain('fileinfo'),
  plain('filter'),
  plain('ftp', 'openssl'),
  {
    name: 'gd',
    configure: ['--enable-gd', '--with-jpeg', '--with-webp', '--with-freetype'],
    libraries: ['libpng', 'libjpeg', 'libwebp', 'freetype', 'zlib'],
  },
  using('gettext', ['--with-gettext']),
  using('gmp', ['--with-gmp'], 'gmp'),
  using('iconv', ['--with-iconv']),
  { ...using('igbinary', ['--enable-igbinary']), needs: ['session'], source: 'igbinary' },
  using('intl', ['--enable-intl'], 'icu'),
  using('libxml', ['--with-libxml'], 'libxml2'),
  using('mbstring', ['--enable-mbstring'], 'oniguruma'),
  { ...using('mysqli', ['--with-mysqli=mysqlnd']), needs: ['mysqlnd'] },
  { ...using('mysqlnd', ['--enable-mysqlnd'], 'zlib'), needs: ['openssl'] },
  plain('opcache'),
  using('openssl', ['--with-openssl', '--with-openssl-legacy-provider'], 'openssl'),
  plain('pcntl'),
  plain('pdo'),
  { ...using('pdo_mysql', ['--with-pdo-mysql=mysqlnd']), needs: ['pdo', 'mysqlnd'] },
  { ...using('pdo_pgsql', ['--with-pdo-pgsql'], 'libpq'), needs: ['pdo'] },
  { ...using('pdo_sqlite', ['--with-pdo-sqlite'], 'sqlite'), needs: ['pdo'] },
  using('pgsql', ['--with-pgsql'], 'libpq'),
  plain('phar'),
  plain('posix'),
  using('readline', ['--with-libedit'], 'libedit'),
  {
    name: 'redis',
    configure: ['--enable-redis', '--enable-redis-igbinary'],
    libraries: [],
    needs: ['igbinary', 'session'],
    source: 'redis',
  },
  plain('session'),
  plain('shmop'),
  plain('simplexml', 'libxml'),
  plain('soap', 'libxml'),
  plain('sockets'),
  using('sodium', ['--with-sodium'], 'libsodium'),
  using('sqlite3', ['--with-sqlite3'], 'sqlite'),
  plain('sysvmsg'),
  plain('sysvsem'),
  plain('sysvshm'),
  plain('tokenizer'),
  plain('xml', 'libxml'),
  plain('xmlreader', 'libxml', 'dom'),
  plain('xmlwriter', 'libxml'),
  { ...using('xsl', ['--with-xsl'], 'libxslt'), needs: ['dom'] },
  using('zip', ['--with-zip'], 'libzip'),
  using('zlib', ['--with-zlib'], 'zlib'),
];

const minimal = [
  'ctype',
  'filter',
  'iconv',
  'mbstring',
  'opcache',
  'pcntl',
  'pdo_sqlite',
];
const minimalRest = ['phar', 'posix', 'session', 'tokenizer', 'zlib', 'fileinfo'];

/** Named sets. `minimal` is for quick builds while working on the SAPI. */
export const extensionSets: Readonly<Record<string, readonly string[]>> = {
  full: extensions.map((e) => e.name),
  minimal: [...minimal, ...minimalRest],
};

/** The rows of a set with all they need, in table order. */
export function extensionsOf(set: string): Extension[] {
  const names = extensionSets[set];
  if (!names) {
    const known = Object.keys(extensionSets).join(', ');
    throw new Error(`unknown extension set "${set}" (known: ${known})`);
  }
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const row = extensions.find((e) => e.name === name);
    if (!row) throw new Error(`no extension "${name}"`);
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const need of row.needs ?? []) add(need);
  };
  for (const name of names) add(name);
  return extensions.filter((e) => wanted.has(e.name) || e.configure.length === 0);
}
