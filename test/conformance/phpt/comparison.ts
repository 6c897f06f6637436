// The comparison itself: Debian's verdicts (kept), ours (fresh), and what differs for good.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../../static-php-build/cache.ts';
import type { DebianRoot } from '../debian-root.ts';
import { runTests, type Subject } from './run.ts';
import { fileOf } from './suites.ts';
import { compareVerdicts, type Difference, explanationOf } from './verdicts.ts';
import type { Explained, Verdicts } from './verdicts.ts';

export interface Comparison {
  root: DebianRoot;
  /** Unpacked php-src of the release under test. */
  source: string;
  jobs: number;
  /** Also the tests that php-src marks as slow. */
  slow: boolean;
  say: (line: string) => void;
}

/** Runs tests, or whole directories of them, with one PHP. */
export function runSubject(
  comparison: Comparison,
  subject: Subject,
  tests: readonly string[],
): Promise<Verdicts> {
  const dir = join(cacheRoot(), 'phpt');
  mkdirSync(dir, { recursive: true });
  return runTests({
    ...comparison,
    subject,
    tests,
    log: join(dir, `${subject.kind}.log`),
  });
}

/**
 * Debian's verdicts of whole directories. They depend on its packages, the tests and the
 * way to run them only, so they are kept beside the root, one file a directory.
 */
export async function debianVerdicts(
  comparison: Comparison,
  dirs: readonly string[],
  isFresh: boolean,
): Promise<Verdicts> {
  const kept = keptDirectory(comparison);
  const missing = dirs.filter((dir) => isFresh || !keptVerdicts(kept, dir));
  if (missing.length > 0) {
    comparison.say(`running ${missing.join(' ')} with Debian's PHP`);
    const seen = await runSubject(comparison, { kind: 'debian' }, missing);
    mkdirSync(kept, { recursive: true });
    for (const dir of missing) {
      const own = [...seen].filter(([test]) => isBelow(test, dir));
      writeFileSync(keptFile(kept, dir), JSON.stringify(own));
    }
  }
  return new Map(dirs.flatMap((dir) => keptVerdicts(kept, dir) ?? []));
}

function keptDirectory({ root, source, slow }: Comparison): string {
  const inputs = [
    join(source, 'main/php_version.h'),
    join(import.meta.dirname, 'run.ts'),
  ];
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(readFileSync(file));
  return `${root.dir}.phpt-${hash.digest('hex').slice(0, 12)}${slow ? '-slow' : ''}`;
}

function keptFile(kept: string, dir: string): string {
  return join(kept, `${dir.replaceAll('/', '_')}.json`);
}

/** The verdicts of `dir` from its own file or from one of a directory above it. */
function keptVerdicts(kept: string, dir: string): [string, string][] | undefined {
  const parts = dir.split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const file = keptFile(kept, parts.slice(0, length).join('/'));
    if (!existsSync(file)) continue;
    const pairs = JSON.parse(readFileSync(file, 'utf8')) as [string, string][];
    return pairs.filter(([test]) => isBelow(test, dir));
  }
  return undefined;
}

function isBelow(test: string, dir: string): boolean {
  return fileOf(test).startsWith(`${dir}/`);
}

/**
 * A busy machine makes some tests fail now and then: whatever differs without explanation
 * runs again, alone and on both sides, and only a difference that stays counts. Changes
 * both maps.
 */
export async function settle(
  comparison: Comparison,
  subject: Subject,
  debian: Verdicts,
  ours: Verdicts,
): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const differing = unexplained(debian, ours);
    if (differing.length === 0) return;
    comparison.say(`running ${differing.length} differing tests again, one at a time`);
    const files = [...new Set(differing.map((difference) => fileOf(difference.test)))];
    const alone = { ...comparison, jobs: 1 };
    const debianAgain = await runSubject(alone, { kind: 'debian' }, files);
    const oursAgain = await runSubject(alone, subject, files);
    for (const { test } of differing) {
      const [theirVerdict, ourVerdict] = [debianAgain.get(test), oursAgain.get(test)];
      if (theirVerdict) debian.set(test, theirVerdict);
      if (ourVerdict) ours.set(test, ourVerdict);
    }
  }
}

export function unexplained(debian: Verdicts, ours: Verdicts): Difference[] {
  const known = explanations();
  return compareVerdicts(debian, ours).filter((d) => !explanationOf(d, known));
}

/** The committed list of differences with their reasons. */
export function explanations(): Explained[] {
  const file = join(import.meta.dirname, 'expected-differences.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Explained[];
}
