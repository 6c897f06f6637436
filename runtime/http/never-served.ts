/**
 * Names that are never sent as a file, whatever the configuration says: they answer as if
 * they did not exist. Data; docs/reference/http.md explains it to users.
 */

/** Files whose content PHP may execute, so it is source code. Extensions, any case. */
const sourceExtensions = [
  // Anything may follow: php5, php_old, php-2024, phpbak.
  'php[a-z0-9]*',
  'pht',
  'phtm',
  'phtml',
  'phar',
  'inc',
  // Drupal
  'module',
  'install',
  'theme',
  'profile',
  'engine',
];

/** Extensions that hold code or data of the application, logs, dumps or copies. */
const privateExtensions = [
  'bak',
  'old',
  'orig',
  'save',
  'rej',
  'dist',
  'sw[a-p]',
  'log',
  'sql',
  'sqlite',
  'sqlite3',
  'db',
  'db3',
  'sqlite-wal',
  'sqlite-shm',
  'sqlite-journal',
  'ini',
  'cnf',
  'neon',
  'twig',
  'pem',
  'pfx',
  'p12',
  'htpasswd',
];

/** Whole names, any case. */
const privateNames = [
  'composer\\.(?:json|lock|phar)',
  'package(?:-lock)?\\.json',
  'npm-shrinkwrap\\.json',
  'yarn\\.lock',
  'pnpm-lock\\.yaml',
  'phpunit\\.xml(?:\\..*)?',
  'phpstan\\..*',
  'psalm\\.xml',
  'phpack\\.json',
  'auth\\.json',
  'docker-compose.*\\.ya?ml',
  'dockerfile',
  'makefile',
  'web\\.config',
  'error_log',
  'id_rsa',
  'thumbs\\.db',
];

/**
 * Endings after which `name.php.` is no copy of a script: what is bundled or generated
 * for browsers may carry the name of a script, and visitors upload `company.profile.pdf`.
 */
const webExtensions = [
  'm?js|css|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf',
  'pdf|docx?|xlsx?|pptx?|od[tsp]|epub|mp[34]|m4[av]|webm|og[gv]',
].join('|');

const source = sourceExtensions.join('|');
const compressed = '(?:\\.(?:gz|bz2|xz|zst|br|zip|7z|tar|tgz))*';

const never = new RegExp(
  [
    // Copies by editors: name~, #name#, name.php.20, name.php_old, 'name.php copy'.
    '~$',
    '^#.*#$',
    `\\.(?:${source})(?![a-z0-9])(?!.*\\.(?:${webExtensions})$)`,
    `\\.(?:${privateExtensions.join('|')})${compressed}$`,
    `^(?:${privateNames.join('|')})${compressed}$`,
  ].join('|'),
  'i',
);

/** `name`: last part of a path, a binary string. */
export function isNeverServed(name: string): boolean {
  // A name that ends in spaces or dots is compared without them: other systems drop them.
  return never.test(name.replace(/[\s.]+$/, ''));
}

/** Hidden files and directories, except the registered `/.well-known/` (RFC 8615). */
export function isHidden(path: string): boolean {
  return /\/\./.test(path.startsWith('/.well-known/') ? path.slice(12) : path);
}
