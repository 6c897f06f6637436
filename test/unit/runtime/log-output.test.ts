import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

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

const output = join(import.meta.dirname, '../../../runtime/log-output.ts');
const program = `
  import { writeToStderr } from ${JSON.stringify(output)};
  const startedAt = performance.now();
  for (let i = 0; i < 50; i++) writeToStderr(('line ' + 'x'.repeat(94) + '\\n').repeat(99));
  console.log(performance.now() - startedAt);
  process.stdin.once('data', () => {
    writeToStderr('last\\n');
    process.exit();
  });
`;

function readWhatIsThere(): string {
  const path = join(dir, 'pipe');
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(1 << 20);
  let text = '';
  try {
    for (;;) text += buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch {
    // Nothing more: EAGAIN.
  }
  closeSync(fd);
  return text;
}

test('a log nobody reads stops nothing, and goes on with whole lines when somebody does', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', pipe],
  });
  const [took] = await once(child.stdout!, 'data');
  expect(Number(took)).toBeLessThan(5000);
  const before = readWhatIsThere();
  child.stdin!.write('go\n');
  await once(child, 'exit');
  const lines = (before + readWhatIsThere()).trimEnd().split('\n');
  expect(lines.pop()).toBe('last');
  expect(lines.length).toBeGreaterThan(300);
  expect(lines.filter((line) => !/^line x{94}$/.test(line))).toEqual([]);
});
