// Runs php-src's run-tests.php inside a Debian root, with Debian's PHP or ours as the
// subject. The harness itself always runs on Debian's PHP: only the subject differs.
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import type { DebianRoot } from '../debian-root.ts';
import { enterArguments } from '../debian-root.ts';
import { parseResultFile } from './verdicts.ts';
import type { Verdicts } from './verdicts.ts';

export type Subject =
  | { kind: 'debian' }
  /** `elf` is the static PHP on the host. */
  | { kind: 'ours'; elf: string };

export type RunOptions = {
  root: DebianRoot;
  /** An unpacked php-src release tree on the host; it is copied, never written. */
  source: string;
  subject: Subject;
  /** Tests or directories, relative to the source tree. */
  tests: readonly string[];
  jobs: number;
  /** Run the tests that php-src marks as slow. */
  slow: boolean;
  say: (line: string) => void;
  /** Where run-tests.php's own output goes. */
  log: string;
};

// Debian's unprivileged user: as root php-src skips its permission tests.
const NOBODY = 65534;
const INSIDE = '/php-src';

// The extensions that Debian has as shared objects, in the order of its conf.d. With
// them loaded both sides have the same set, so that both skip the same tests.
const DEBIAN_SHARED = [
  'mysqlnd',
  'pdo',
  'xml',
  'apcu',
  'bcmath',
  'bz2',
  'calendar',
  'ctype',
  'curl',
  'dom',
  'exif',
  'ffi',
  'fileinfo',
  'ftp',
  'gd',
  'gettext',
  'gmp',
  'iconv',
  'igbinary',
  'intl',
  'mbstring',
  'mysqli',
  'pdo_mysql',
  'pdo_pgsql',
  'pdo_sqlite',
  'pgsql',
  'phar',
  'posix',
  'readline',
  'shmop',
  'simplexml',
  'soap',
  'sockets',
  'sqlite3',
  'sysvmsg',
  'sysvsem',
  'sysvshm',
  'tokenizer',
  'xmlreader',
  'xmlwriter',
  'xsl',
  'zip',
  'redis',
];

/** Runs the tests and gives their verdicts. Rejects when run-tests.php itself fails. */
export async function runTests(options: RunOptions): Promise<Verdicts> {
  const work = mkdtempSync(join(tmpdir(), 'phpack-phpt-'));
  try {
    const tree = join(work, 'src');
    copySource(options.source, tree);
    chmodSync(work, 0o755);
    writeFileSync(join(work, 'tests'), options.tests.filter(isFile).join('\n'));
    mkdirSync(join(work, 'out'));
    chownSync(join(work, 'out'), NOBODY, NOBODY);
    await enter(options, work, tree);
    const text = readFileSync(join(work, 'out', 'results'), 'utf8');
    return parseResultFile(text, INSIDE);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function isFile(test: string): boolean {
  return test.endsWith('.phpt');
}

// Tests write beside themselves, so each run has its own tree: of the tests only, without
// the sources they stand among.
function copySource(from: string, to: string): void {
  mkdirSync(to);
  const dirs = [
    'Zend/tests',
    'tests',
    'sapi/cli/tests',
    ...globSync('ext/*/tests', { cwd: from }),
  ];
  execFileSync('cp', ['-a', '--parents', 'run-tests.php', ...dirs, to], { cwd: from });
}

function enter(options: RunOptions, work: string, tree: string): Promise<void> {
  const { subject } = options;
  const php = subject.kind === 'debian' ? '/usr/bin/php8.4' : '/opt/subject/php';
  const binds: (readonly [string, string])[] = [
    [tree, INSIDE],
    [work, '/work'],
  ];
  if (subject.kind === 'ours') {
    if (basename(subject.elf) !== 'php') throw new Error(`not named php: ${subject.elf}`);
    binds.push([dirname(subject.elf), '/opt/subject']);
  }
  const settings =
    subject.kind === 'debian'
      ? [
          '-d',
          'zend_extension=opcache',
          ...DEBIAN_SHARED.flatMap((name) => ['-d', `extension=${name}`]),
        ]
      : [];
  const command = [
    '/usr/bin/env',
    '-i',
    'PATH=/usr/bin:/bin',
    'HOME=/tmp',
    'LC_ALL=C.UTF-8',
    'NO_INTERACTION=1',
    'SKIP_PERF_SENSITIVE=1',
    'SKIP_ONLINE_TESTS=1',
    ...(options.slow ? [] : ['SKIP_SLOW_TESTS=1']),
    '/usr/bin/php8.4',
    '-n',
    'run-tests.php',
    '-n',
    '-p',
    php,
    '-q',
    `-j${options.jobs}`,
    '--offline',
    '--no-color',
    '--no-progress',
    '-g',
    'FAIL,BORK,WARN,LEAK',
    '-W',
    '/work/out/results',
    ...settings,
    '-r',
    '/work/tests',
    ...options.tests.filter((test) => !isFile(test)),
  ];
  const args = enterArguments(options.root, {
    argv: [
      '/bin/sh',
      '-c',
      `chown -R ${NOBODY}:${NOBODY} ${INSIDE} && ` +
        `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@"`,
      'as-nobody',
      ...command,
    ],
    network: 'none',
    binds,
    cwd: INSIDE,
  });
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      writeFileSync(options.log, Buffer.concat(output));
      // 1 is run-tests.php's "some tests failed", which is a verdict, not an error.
      if (code === 0 || code === 1) resolve();
      else reject(new Error(`run-tests.php ended with ${code}: see ${options.log}`));
    });
  });
}
