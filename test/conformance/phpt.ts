// npm run test:phpt [-- --suite json --suite date] [-- path/to/test.phpt …]
//
// php-src's own tests through our PHP and through Debian's, in the same Debian root
// with the same settings. Prints counts per suite and every test whose verdicts differ,
// and ends with 1 when a difference has no explanation in expected-differences.json.
import { parseArgs } from 'node:util';
import { ensurePeerRoot } from './peer.ts';
import { type Comparison, debianVerdicts, explanations } from './phpt/comparison.ts';
import { runSubject, settle } from './phpt/comparison.ts';
import type { Subject } from './phpt/run.ts';
import { isSuite, SUITES, suiteOf } from './phpt/suites.ts';
import { compareVerdicts, countBySuite, explanationOf } from './phpt/verdicts.ts';
import type { Verdicts } from './phpt/verdicts.ts';
import { phpSource, subjectPhp } from './subject.ts';

const USAGE = `usage: phpt.ts [--suite NAME]… [--jobs N] [--slow] [--fresh] [--peer-only]
                [--php ELF] [--source PHP_SRC] [TEST.phpt]…
  --suite NAME   ${Object.keys(SUITES).join(' ')}; default: all
  --slow         also run the tests that php-src marks as slow
  --fresh        run Debian's PHP again instead of using its recorded verdicts
  --peer-only    run Debian's PHP only, and record its verdicts
`;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(argv: string[]): Promise<number> {
  const { values, positionals: files } = parseArgs({
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
  const suites = values.suite ?? (files.length > 0 ? [] : Object.keys(SUITES));
  if (values.help || !suites.every(isSuite)) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  const comparison: Comparison = {
    root: ensurePeerRoot(say),
    source: values.source ?? phpSource(),
    jobs: Number(values.jobs),
    slow: values.slow,
    say,
  };
  const dirs = suites.map((suite) => SUITES[suite]);
  const debian = await debianVerdicts(comparison, dirs, values.fresh);
  if (files.length > 0) {
    const seen = await runSubject(comparison, { kind: 'debian' }, files);
    for (const [test, verdict] of seen) debian.set(test, verdict);
  }
  if (values['peer-only']) {
    printCounts(debian, debian);
    return 0;
  }
  const subject: Subject = { kind: 'ours', elf: values.php ?? subjectPhp() };
  say(`running ${debian.size} tests with ${subject.elf}`);
  const ours = await runSubject(comparison, subject, [...dirs, ...files]);
  await settle(comparison, subject, debian, ours);
  return report(debian, ours);
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
  const differences = compareVerdicts(debian, ours);
  let unexplained = 0;
  for (const difference of differences) {
    const why = explanationOf(difference, explained);
    const suite = suiteOf(difference.test) ?? '';
    say(
      `${why ? 'explained  ' : 'DIFFERENT  '} ${suite} ${difference.test}:` +
        ` Debian ${difference.debian}, ours ${difference.ours}` +
        (why ? ` (${why.reason})` : ''),
    );
    if (!why) unexplained += 1;
  }
  const same = ours.size - differences.length;
  say(`${same} of ${ours.size} verdicts are the same, ${unexplained} unexplained`);
  return unexplained === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
