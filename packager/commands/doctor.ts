import { PackagerError } from '../errors.ts';
import type { Io } from '../io.ts';
import { type Check, type Finding, machineChecks } from '../doctor/checks.ts';
import { runFix } from '../doctor/fix.ts';
import { formatCount } from '../ui/format.ts';

/**
 * `phpack doctor [--fix]`: says what this machine lacks for building, each with the exact
 * command. Throws PHPACK_E_DOCTOR when something is missing in the end.
 */
export async function doctor(
  options: { fix?: boolean },
  io: Io,
  checks: readonly Check[] = machineChecks(),
): Promise<void> {
  let findings = await examine(checks, io);
  const commands = new Set(findings.flatMap(({ fix }) => fix ?? []));
  if (options.fix && commands.size > 0) {
    for (const command of commands) await runFix(command, io);
    io.stdout('\n');
    findings = await examine(checks, io);
  }
  const faults = findings.filter(({ isFault }) => isFault);
  if (faults.length === 0) return io.stdout('This machine can build.\n');
  const seen = `${formatCount(faults.length, 'fault')} found`;
  const isFixable = faults.every(({ fix }) => fix !== null);
  const remedy = isFixable ? {} : { remedy: 'Mend what is said above by hand.' };
  throw new PackagerError('PHPACK_E_DOCTOR', seen, remedy);
}

async function examine(checks: readonly Check[], io: Io): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    const finding = await check.find();
    findings.push(finding);
    io.stdout(`${finding.isFault ? '✗' : '✓'} ${check.title}: ${finding.seen}\n`);
    if (finding.fix !== null) io.stdout(`    ${finding.fix}\n`);
  }
  return findings;
}
