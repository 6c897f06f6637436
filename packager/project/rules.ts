/**
 * What never becomes part of a product unless `include` says so. Globs as in phpack.json;
 * the reason is what the report says.
 */
export type Reason =
  | 'version control'
  | 'development'
  | 'editor'
  | 'secret'
  | 'cache'
  | 'template'
  | 'exclude'
  | 'special file'
  | 'phpack';

interface Rule {
  reason: Reason;
  globs: readonly string[];
}

export const rules: readonly Rule[] = [
  {
    reason: 'version control',
    globs: [
      '**/.{git,svn,hg,bzr}',
      // Not the directory: it may be a namespace.
      '**/CVS/{Entries,Entries.*,Root,Repository,Tag,Template,Base}',
      '**/.git{modules,attributes}',
      '**/.hgignore',
    ],
  },
  {
    reason: 'development',
    globs: [
      '**/node_modules',
      '.{github,gitlab,circleci,ddev,devcontainer,vagrant,docker,husky}',
      '.{travis,gitlab-ci,lando,styleci,scrutinizer,codecov}{,.local}.{yml,yaml}',
      '{docker-compose,compose}{,.*}.{yml,yaml}',
      '{Vagrantfile,Dockerfile,Dockerfile.*,.dockerignore,.editorconfig}',
      '**/.{phpunit.result.cache,phpunit.cache,php-cs-fixer.cache,eslintcache}',
      '{phpunit,phpcs,.phpcs,psalm}.xml{,.dist}',
      '{phpstan,phpstan-baseline}.{neon,neon.dist}',
      '**/npm-debug.log',
      '**/yarn-error.log',
    ],
  },
  {
    reason: 'editor',
    globs: [
      '**/.{idea,vscode,fleet,settings,project,buildpath}',
      '**/.*.sw[a-p]',
      '**/.#*',
      '**/*~',
      '**/.DS_Store',
      '**/{Thumbs,desktop}.{db,ini}',
    ],
  },
  {
    reason: 'secret',
    globs: [
      '**/.env.local',
      '**/.env.*.local',
      '**/.{aws,ssh,gnupg}',
      '**/.{npmrc,yarnrc,netrc,pgpass,my.cnf,htpasswd,git-credentials}',
      '**/.{bash,mysql,psql,sqlite}_history',
      '**/id_{rsa,dsa,ecdsa,ed25519}',
      '**/*.{kdbx,p12,pfx,jks,ppk}',
      'auth.json',
      'config/secrets/*/*.decrypt.private.php',
    ],
  },
  // The second: what builds write into the app's own directory until it has its name
  // (payload/output.ts), those under way and those that were killed.
  { reason: 'phpack', globs: ['phpack.json', '**/.*.phpack-????????-*-????????'] },
];

/** Files whose content decides: a certificate is public, the key beside it is not. */
export const maybePrivateKey = ['**/*.{pem,key,der}', '**/*private*key*'];

/** As every format of a private key in text begins: PKCS #1, #8, SEC1, OpenSSH, PGP. */
const privateKeyMark = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/;

export function holdsPrivateKey(head: string): boolean {
  return privateKeyMark.test(head);
}

/**
 * Packed, but worth a word: defaults that frameworks commit, and what people put into
 * them. `.env.local.php` is what Symfony's dump-env makes of all of them.
 */
export const maybeSecret = [
  '{,*/}.env',
  '{,*/}.env.{dev,development,prod,production,staging,local.php}',
  '{,*/}.env{.,_,-}{bak,backup,old,orig,save}',
];
