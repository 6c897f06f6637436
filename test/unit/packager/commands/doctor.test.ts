import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doctor } from '../../../../packager/commands/doctor.ts';
import type { Check } from '../../../../static-php-build/doctor.ts';
import { recordingIo } from '../io.ts';

const good: Check = { name: 'system', isOk: true, seen: 'fine', command: '', advice: '' };

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'phpack-doctor-'))));
afterEach(() => rmSync(dir, { recursive: true }));

test('a machine that has everything can build', async () => {
  const io = recordingIo();
  await doctor({}, io, async () => [good]);
  expect(io.out).toBe('✓ system: fine\nThis machine can build.\n');
});

test('each problem comes with what to do', async () => {
  const io = recordingIo();
  const found: Check[] = [
    { ...good, name: 'programs', isOk: false, seen: 'missing: cc', command: 'get cc' },
    { ...good, name: 'memory', isOk: false, seen: '1 GB', advice: 'needs 2 GB' },
  ];
  await expect(doctor({}, io, async () => found)).rejects.toThrow(
    expect.objectContaining({
      code: 'PHPACK_E_DOCTOR',
      message: '2 problems found',
      remedy: 'Do what is said above, then run it again.',
    }),
  );
  expect(io.out).toBe(
    '✗ programs: missing: cc\n    get cc\n✗ memory: 1 GB\n    needs 2 GB\n',
  );
});

test('--fix runs the commands, never an advice, and looks again', async () => {
  const made = join(dir, 'made');
  const advised = join(dir, 'advised');
  const examine = async (): Promise<Check[]> => [
    { ...good, isOk: existsSync(made), command: existsSync(made) ? '' : `touch ${made}` },
    { ...good, advice: `touch ${advised}` },
  ];
  const io = recordingIo();
  await doctor({ fix: true }, { ...io, env: process.env }, examine);
  expect([existsSync(made), existsSync(advised)]).toEqual([true, false]);
});
