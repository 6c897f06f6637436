import { expect, test } from 'vitest';
import { ensurePeerRoot } from './peer.ts';
import { debianVerdicts, runSubject, settle, unexplained } from './phpt/comparison.ts';
import { phpSource, subjectPhp } from './subject.ts';

/** A minute's worth of what `npm run test:phpt` runs whole. */
const SAMPLE = [
  'ext/json/tests',
  'ext/pcre/tests',
  'ext/standard/tests/serialize',
  'ext/standard/tests/filters',
  'Zend/tests/closures',
  'ext/pdo_sqlite/tests',
];

const say = (line: string): void => console.log(line);

test("gives php-src's own tests the verdicts that Debian's PHP gives them", async () => {
  const source = phpSource();
  const comparison = { root: ensurePeerRoot(say), source, jobs: 2, slow: false, say };
  const subject = { kind: 'ours', elf: subjectPhp() } as const;
  const debian = await debianVerdicts(comparison, SAMPLE, false);
  const ours = await runSubject(comparison, subject, SAMPLE);
  await settle(comparison, subject, debian, ours);
  expect(unexplained(debian, ours)).toEqual([]);
  // Equal because both failed everything would be no proof.
  const passed = [...ours.values()].filter((verdict) => verdict === 'PASSED').length;
  expect(passed).toBeGreaterThan(400);
}, 600_000);
