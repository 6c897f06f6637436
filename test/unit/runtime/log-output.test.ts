import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../fixtures/log-program.ts');

let dir: string;
let pipe: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'phpack-log-'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  // As any program starts another one: reading and writing may block.
  pipe = openSync(join(dir, 'pipe'), constants.O_RDWR);
});
afterEach(() => {
  closeSync(pipe);
  rmSync(dir, { recursive: true });
});

function readWhatIsThere(fd: number): string {
  const buffer = Buffer.alloc(1 << 20);
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch {
    // Nothing more: EAGAIN.
    return '';
  }
}

test('a log nobody reads stops nothing; then come whole lines, and how many were lost', async () => {
  const child = spawn(process.execPath, [program, '60000'], {
    stdio: ['pipe', 'pipe', pipe],
  });
  await once(child.stdout!, 'data');
  const reader = openSync(join(dir, 'pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
  let text = '';
  while (child.exitCode === null) {
    text += readWhatIsThere(reader);
    // Not before all has come: the end of the process does not wait for a slow machine.
    const isAll = text.endsWith(' lost\n');
    if (isAll && !child.stdin!.writableEnded) child.stdin!.end('go');
    await setTimeout(1);
  }
  for (let more = readWhatIsThere(reader); more; more = readWhatIsThere(reader)) {
    text += more;
  }
  closeSync(reader);
  const lines = text.trimEnd().split('\n');
  expect(lines.pop()).toBe('last');
  const lost = /^(\d+) lost$/.exec(lines.pop()!)?.[1];
  expect(lines.filter((line) => !/^line x{94}$/.test(line))).toEqual([]);
  expect(lines.length + Number(lost)).toBe(60_000);
});

test('the end of the process waits for a reader, but not for ever', async () => {
  const child = spawn(process.execPath, [program, '60000'], {
    stdio: ['pipe', 'pipe', pipe],
  });
  await once(child.stdout!, 'data');
  child.stdin!.end('go');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
