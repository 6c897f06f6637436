// Which of php-src's own tests are run, by suite name and directory in its source tree.

export const SUITES = {
  Zend: 'Zend/tests',
  standard: 'ext/standard/tests',
  pcre: 'ext/pcre/tests',
  date: 'ext/date/tests',
  json: 'ext/json/tests',
  spl: 'ext/spl/tests',
  session: 'ext/session/tests',
  mbstring: 'ext/mbstring/tests',
  intl: 'ext/intl/tests',
  dom: 'ext/dom/tests',
  pdo_sqlite: 'ext/pdo_sqlite/tests',
} as const;

export type Suite = keyof typeof SUITES;

export function isSuite(name: string): name is Suite {
  return Object.hasOwn(SUITES, name);
}

/**
 * The suite of a test as run-tests.php names it. `# A.phpt: B.phpt` is test B of the
 * shared PDO suite, run through the REDIRECTTEST section of A.
 */
export function suiteOf(test: string): Suite | undefined {
  const file = fileOf(test);
  for (const [name, dir] of Object.entries(SUITES)) {
    if (file.startsWith(`${dir}/`)) return name as Suite;
  }
  return undefined;
}

/** The file to hand to run-tests.php to run `test` again. */
export function fileOf(test: string): string {
  return /^# (.+?\.phpt): /.exec(test)?.[1] ?? test;
}
