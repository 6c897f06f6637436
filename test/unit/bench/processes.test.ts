import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { cpuSeconds, memoryOf, processTree } from '../../../bench/processes.ts';

test('the tree of a process holds its grandchildren, and their CPU time counts', async () => {
  const script =
    'exec 3<&0; (i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo; cat <&3) & wait';
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await once(child.stdout, 'data');
    const pid = child.pid ?? 0;
    expect(processTree(pid).length).toBeGreaterThanOrEqual(2);
    expect(cpuSeconds(pid)).toBeGreaterThan(0);
    const { processes, pss, rss } = memoryOf(pid);
    expect(processes).toBeGreaterThanOrEqual(2);
    expect(rss).toBeGreaterThan(pss);
    expect(pss).toBeGreaterThan(0);
  } finally {
    child.stdin.end();
    child.kill();
  }
});

test('a process that is gone has no CPU time and no memory', () => {
  expect(cpuSeconds(2 ** 30)).toBe(0);
  expect(memoryOf(2 ** 30)).toEqual({ processes: 0, pss: 0, rss: 0 });
});
