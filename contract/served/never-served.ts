import { nameToRegExp } from '../glob.ts';

/**
 * Names that are never sent as a file, whatever the configuration says: they answer as if
 * they did not exist. Data; docs/reference/http.md lists all of it for users, and a test
 * keeps both in step.
 */
export interface NameRule {
  /** As the documentation and `phpack build` call it. */
  title: string;
  /** Extensions, any case; `*` stands for letters and digits. */
  extensions: readonly string[];
  /** Whole names, any case; `*` and `?` as in globs. */
  names: readonly string[];
}

/** Files whose content PHP may execute, so it is source code. */
const source: NameRule = {
  title: 'source code',
  // First PHP's, as php5, php_old, php-2024; from `module` on, Drupal's.
  extensions: words('php* pht phtm phtml phar inc module install theme profile engine'),
  names: [],
};

const others: readonly NameRule[] = [
  {
    title: 'databases',
    extensions: words(
      'db db2 db3 db4 db5 sqlite* s3db sl3 sdb mdb mde accd* laccdb ldb odb mdf ndf ldf ' +
        'sdf edb fdb fbk gdb frm ibd myd myi mai mad rdb aof bdb lmdb gdbm tdb leveldb ' +
        'rocksdb sst wt bson couch ddb duckdb realm',
    ),
    // First what SQLite keeps beside a database, whatever its name is.
    names: words(
      '*-wal *-wal2 *-shm *-journal *-mj????????? ibdata* ib_logfile* ibtmp* aria_log* ' +
        'mysql-bin.* mariadb-bin.* binlog.0*',
    ),
  },
  {
    title: 'private keys',
    extensions: words(
      'key pem p8 pk8 pkcs8 p12 pkcs12 pfx ppk pvk snk pkey privkey priv private jks jceks ' +
        'bks bcfks keystore keychain keychain-db kdb kdbx kbx psafe3 1pif agilekeychain ' +
        'ovpn htpasswd htdigest',
    ),
    names: words(
      'id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss* *[-_.]rsa *[-_.]dsa *[-_.]ecdsa ' +
        '*[-_.]ecdsa_sk *[-_.]ed25519 *[-_.]ed25519_sk ssh_host_*key *private*.asc ' +
        '*private*.gpg *private*.pgp *secret*.asc *secret*.gpg *secret*.pgp secring.* ' +
        'client_secret*.json service[-_]account*.json wallet.dat',
    ),
  },
  {
    title: 'dumps and logs',
    extensions: words('*sql *dump dmp log'),
    names: words('error_log access_log nohup.out'),
  },
  {
    title: 'configuration and templates',
    extensions: words('ini cnf conf env neon tfstate tfvars twig'),
    names: ['web.config'],
  },
  {
    title: 'copies',
    extensions: words(
      // Of Vim, from swp downwards. Not further than swj: swf is Flash.
      'bak bkp backup old orig save rej dist swp swo swn swm swl swk swj',
    ),
    names: words('*~ #*# *,v *.*[-_]bak *.*[-_]backup *.*[-_]old *.*[-_]orig'),
  },
  {
    title: 'project files',
    extensions: [],
    names: words(
      'composer.json composer.lock auth.json symfony.lock phpack.json package.json ' +
        'package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml ' +
        'pnpm-workspace.yaml bun.lock bun.lockb phpunit.xml phpunit.dist.xml ' +
        'phpcs.xml psalm.xml phinx.yml phinx.yaml phinx.json docker-compose*.yml ' +
        'docker-compose*.yaml compose.yml compose.yaml compose.*.yml compose.*.yaml ' +
        'dockerfile dockerfile.* makefile vagrantfile jenkinsfile',
    ),
  },
];

export const nameRules: readonly NameRule[] = [source, ...others];

/** The rule about what begins with a dot; not one of names, as it holds for paths. */
export const hiddenRule: NameRule = {
  title: 'hidden',
  extensions: [],
  names: ['.*', 'CVS'],
};

/** For browsers, whatever else is in the name: `mode.php.js`, `company.profile.pdf`. */
const webExtensions = [
  '[cm]?js|css|map|wasm|a?png|jpe?g|gif|bmp|svg|webp|avif|hei[cf]|tiff?|ico|woff2?|[ot]tf|eot',
  'pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|csv|epub|mp[34]|m4[av]|webm|og[gv]|opus|wav|flac|aac|avi|mov|mkv',
].join('|');

/**
 * What is put behind a name: compressed, numbered, dated and other copies, SQLite's side
 * files. No part can be read as two others: that would take time without end.
 */
const compressed = '\\.(?:gz|bz2|xz|zst|br|lz4|zip|7z|rar|tar|tgz)';
const copied = `[-_. ](?:${[
  'bak|bkp|backup|old|orig|save|rej|dist|copy|tmp|temp|new|part|sw[j-p]',
  // What other engines keep beside a database: DuckDB, Realm, LMDB, HSQLDB.
  'crdownload|corrupt|wal2?|shm|journal|lock|lck|note|management',
].join('|')})`;
const numbered = '[-_.t: ]\\d+| ?\\(\\d+\\)';
const behind = `(?:${compressed}|${copied}|${numbered}|~)*$`;

/** In the order of `nameRules`. */
const patterns = nameRules.map((rule) => {
  const extensions = rule.extensions
    .map((ext) => ext.replace('*', '[a-z0-9]*'))
    .join('|');
  // Anything may follow an extension of source code: it stays readable.
  if (rule === source)
    return `\\.(?:${extensions})(?![a-z0-9])(?!.*\\.(?:json|${webExtensions})$)`;
  const names = rule.names.map((name) => nameToRegExp(name)).join('|');
  // A public key is public, a page about id_rsa no key, `travel-journal.zip` a diary.
  const isOther = `(?!.*\\.(?:pub|html?|${webExtensions})$|[^.]*-journal\\.)`;
  return `(?:\\.(?:${extensions || '(?!)'})|^${isOther}(?:${names}))${behind}`;
});
const never = new RegExp(patterns.join('|'), 'is');

/** The rule that keeps a file from being sent. `name`: last part of a path, binary. */
export function isNeverServed(name: string): boolean {
  return never.test(withoutEnd(name));
}

/** The rule because of which a name is never served; null when it may be. */
export function nameRuleOf(name: string): NameRule | null {
  if (!isNeverServed(name)) return null;
  const bare = withoutEnd(name);
  const at = patterns.findIndex((pattern) => new RegExp(pattern, 'is').test(bare));
  return nameRules[at]!;
}

/** Hidden files and directories, except the registered `/.well-known/` (RFC 8615). */
export function isHidden(path: string): boolean {
  const rest = path.startsWith('/.well-known/') ? path.slice(12) : path;
  return /\/(?:\.|CVS(?:\/|$))/.test(rest);
}

/** Spaces and dots at the end of a name, which other systems drop. */
function withoutEnd(name: string): string {
  return name.replace(/[\s.]+$/, '');
}

function words(text: string): string[] {
  return text.split(' ');
}
