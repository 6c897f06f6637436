import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatSeconds,
} from '../../../../packager/ui/format.ts';
import { Progress } from '../../../../packager/ui/progress.ts';
import { findTerminal } from '../../../../packager/io.ts';
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

/** What a terminal of 40 columns is told: `\r` for a cursor at the start, `␡` for a wiped line. */
class FakeTerminal extends Writable {
  isTTY = true;
  columns = 40;
  text = '';
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += stripVTControlCharacters(chunk.toString());
    done();
  }
  cursorTo(): void {
    this.text += '\r';
  }
  clearLine(): void {
    this.text += '␡';
  }
  moveCursor(): void {
    throw new Error('more than one line');
  }
}

test('on a terminal the line of the running step is replaced, and comes back', async () => {
  const terminal = new FakeTerminal();
  const stderr = (text: string): void => void terminal.write(text);
  const progress = new Progress({ ...recordingIo(), terminal, stderr });
  await progress.step('pack', (tell) => {
    tell(`half\nof ${'x'.repeat(100)}`);
    progress.line('a note');
    tell('x'.repeat(100));
    progress.line('another');
  });
  const frame = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏-]/g;
  expect(terminal.text.replaceAll(frame, '*')).toBe(
    '\r* pack\r␡a note\n\r* pack: half\r␡another\n' +
      `\r* pack: ${'x'.repeat(31)}\r␡✓ pack (0.00 s)\n`,
  );
});

test.each([
  ['a terminal', {}, {}, true],
  ['a pipe', { isTTY: false }, {}, false],
  ['a terminal without a width', { columns: 0 }, {}, false],
  ['a terminal of a CI', {}, { CI: 'true' }, false],
  ['a terminal that cannot move its cursor', {}, { TERM: 'dumb' }, false],
])('%s is drawn on: %j %j %s', (_, facts, env, isDrawnOn) => {
  const stream = Object.assign(new FakeTerminal(), facts);
  expect(findTerminal(stream, env)).toBe(isDrawnOn ? stream : null);
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
