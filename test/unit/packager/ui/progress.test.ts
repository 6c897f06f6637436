import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatSeconds,
} from '../../../../packager/ui/format.ts';
import { Progress } from '../../../../packager/ui/progress.ts';
import { recordingIo } from '../io.ts';

test('without a terminal there are plain lines, one per finished step', async () => {
  const io = recordingIo();
  const progress = new Progress(io);
  await progress.step(
    'pack',
    (tell) => tell('half'),
    () => 'done',
  );
  progress.warn('careful');
  expect(io.err).toBe('✓ pack: done (0.00 s)\n! careful\n');
  expect(progress.steps).toEqual([{ label: 'pack', ms: 0 }]);
});

test('on a terminal the line of the running step is replaced, and comes back', async () => {
  const io = { ...recordingIo(), isTerminal: true, err: '' };
  io.stderr = (text) => void (io.err += text);
  const progress = new Progress(io);
  await progress.step('pack', () => progress.line('a note'));
  expect(io.err).toBe('… pack\r\x1b[2Ka note\n… pack\r\x1b[2K✓ pack (0.00 s)\n');
});

test('a step that fails is marked, and its error goes on', async () => {
  const io = recordingIo();
  const step = new Progress(io).step('pack', () => {
    throw new Error('no');
  });
  await expect(step).rejects.toThrow('no');
  expect(io.err).toBe('✗ pack\n');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [99_949, '99.9 KB'],
  [99_950, '100 KB'],
  [999_499, '999 KB'],
  [999_500, '1.0 MB'],
  [123_456_789, '123 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('times and counts read well', () => {
  expect([420, 12_340, 125_400].map(formatSeconds)).toEqual([
    '0.42 s',
    '12.3 s',
    '2 min 05 s',
  ]);
  expect([formatCount(1, 'file'), formatCount(3107, 'file')]).toEqual([
    '1 file',
    '3,107 files',
  ]);
});
