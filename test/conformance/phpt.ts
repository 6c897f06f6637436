// npm run test:phpt [-- --suite json --suite date] [-- path/to/test.phpt …]
//
// php-src's own tests through our PHP and through Debian's, in the same Debian root
// with the same settings. Prints counts per suite and every test whose verdicts differ,
// and ends with 1 when a difference has no explanation in expected-differences.json.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { DebianRoot } from './debian-root.ts';
import { cacheDir } from './debian-root.ts';
import { ensurePeerRoot } from './peer.ts';
import { phpSource, subjectPhp } from './subject.ts';
import { runTests } from './phpt/run.ts';
import type { Subject } from './phpt/run.ts';
import { fileOf, isSuite, SUITES, suiteOf } from './phpt/suites.ts';
import type { Suite } from './phpt/suites.ts';
import { compareVerdicts, countBySuite, explanationOf } from './phpt/verdicts.ts';
import type { Difference, Explained, Verdicts } from './phpt/verdicts.ts';

const USAGE = `usage: phpt.ts [--suite NAME]… [--jobs N] [--slow] [--fresh] [--peer-only]
                [--php ELF] [--source PHP_SRC] [TEST.phpt]…
  --suite NAME   ${Object.keys(SUITES).join(' ')}; default: all
  --slow         also run the tests that php-src marks as slow
  --fresh        run Debian's PHP again instead of using its recorded verdicts
  --peer-only    run Debian's PHP only, and record its verdicts
`;

type Run = {
  root: DebianRoot;
  source: string;
  jobs: number;
  slow: boolean;
};

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      suite: { type: 'string', multiple: true },
      jobs: { type: 'string', default: '2' },
      slow: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      'peer-only': { type: 'boolean', default: false },
      php: { type: 'string' },
      source: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const suites = values.suite ?? (positionals.length > 0 ? [] : Object.keys(SUITES));
  if (values.help || !suites.every(isSuite)) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  const run: Run = {
    root: ensurePeerRoot(say),
    source: values.source ?? phpSource(),
    jobs: Number(values.jobs),
    slow: values.slow,
  };
  const debian = await debianVerdicts(run, suites, positionals, values.fresh);
  if (values['peer-only']) {
    printCounts(debian, debian);
    return 0;
  }
  const subject: Subject = { kind: 'ours', elf: values.php ?? subjectPhp() };
  const tests = [...suites.map((suite) => SUITES[suite]), ...positionals];
  say(`running ${debian.size} tests with ${subject.elf}`);
  const ours = await runSubject(run, subject, tests);
  await settle(run, subject, debian, ours);
  return report(debian, ours);
}

function runSubject(
  run: Run,
  subject: Subject,
  tests: readonly string[],
): Promise<Verdicts> {
  const log = join(cacheDir(), 'phpt', `${subject.kind}.log`);
  mkdirSync(join(cacheDir(), 'phpt'), { recursive: true });
  return runTests({ ...run, subject, tests, say, log });
}

// Debian's verdicts depend only on its packages and on the tests: kept beside the root.
async function debianVerdicts(
  run: Run,
  suites: readonly Suite[],
  tests: readonly string[],
  fresh: boolean,
): Promise<Verdicts> {
  const verdicts: Verdicts = new Map();
  const keptFile = (suite: Suite): string =>
    `${run.root.dir}.phpt-${suite}${run.slow ? '-slow' : ''}.json`;
  const missing = suites.filter((suite) => fresh || !existsSync(keptFile(suite)));
  if (missing.length > 0) {
    say(`running ${missing.join(' ')} with Debian's PHP`);
    const dirs = missing.map((suite) => SUITES[suite]);
    const seen = [...(await runSubject(run, { kind: 'debian' }, dirs))];
    for (const suite of missing) {
      const own = seen.filter(([test]) => suiteOf(test) === suite);
      writeFileSync(keptFile(suite), JSON.stringify(own));
    }
  }
  for (const suite of suites) {
    const pairs = JSON.parse(readFileSync(keptFile(suite), 'utf8')) as [string, string][];
    for (const [test, verdict] of pairs) verdicts.set(test, verdict);
  }
  if (tests.length > 0) {
    const seen = await runSubject(run, { kind: 'debian' }, tests);
    for (const [test, verdict] of seen) verdicts.set(test, verdict);
  }
  return verdicts;
}

// A busy machine makes some tests fail now and then. Whatever differs runs again, alone
// and on both sides; only a difference that stays counts.
async function settle(
  run: Run,
  subject: Subject,
  debian: Verdicts,
  ours: Verdicts,
): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const differing = compareVerdicts(debian, ours).filter((d) => !isExplained(d));
    if (differing.length === 0) return;
    say(`running ${differing.length} differing tests again, one at a time`);
    const files = [...new Set(differing.map((d) => fileOf(d.test)))];
    const alone = { ...run, jobs: 1 };
    const debianAgain = await runSubject(alone, { kind: 'debian' }, files);
    const oursAgain = await runSubject(alone, subject, files);
    for (const { test } of differing) {
      if (debianAgain.has(test)) debian.set(test, debianAgain.get(test)!);
      if (oursAgain.has(test)) ours.set(test, oursAgain.get(test)!);
    }
  }
}

function explanations(): Explained[] {
  const file = join(import.meta.dirname, 'phpt', 'expected-differences.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Explained[];
}

function isExplained(difference: Difference): boolean {
  return explanationOf(difference, explanations()) !== undefined;
}

function words(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([verdict, n]) => `${n} ${verdict.toLowerCase()}`)
    .join(', ');
}

function printCounts(debian: Verdicts, ours: Verdicts): void {
  for (const count of countBySuite(debian, ours)) {
    say(
      `${count.suite.padEnd(10)} ${String(count.tests).padStart(5)} tests,` +
        ` ${count.differences} differ`,
    );
    say(`  Debian: ${words(count.debian)}`);
    if (ours !== debian) say(`  ours:   ${words(count.ours)}`);
  }
}

function report(debian: Verdicts, ours: Verdicts): number {
  printCounts(debian, ours);
  const explained = explanations();
  let unexplained = 0;
  for (const difference of compareVerdicts(debian, ours)) {
    const why = explanationOf(difference, explained);
    const suite = suiteOf(difference.test) ?? '';
    say(
      `${why ? 'explained  ' : 'DIFFERENT  '} ${suite} ${difference.test}:` +
        ` Debian ${difference.debian}, ours ${difference.ours}` +
        (why ? ` (${why.reason})` : ''),
    );
    if (!why) unexplained += 1;
  }
  const same = ours.size - compareVerdicts(debian, ours).length;
  say(`${same} of ${ours.size} verdicts are the same, ${unexplained} unexplained`);
  return unexplained === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
