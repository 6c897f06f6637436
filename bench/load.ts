import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../test/apps/run.ts';
import { cpuSeconds } from './processes.ts';
import type { LoadScenario } from './scenarios.ts';

/** One round of one scenario against one server. */
export interface LoadResult {
  requestsPerSecond: number;
  /** CPU time of all server processes per answered request, µs. */
  microsPerRequest: number;
  /** 99th percentile of the response time, ms. */
  p99Ms: number;
}

export interface LoadOptions {
  url: string;
  /** Root of the server's process tree. */
  pid: number;
  seconds: number;
  /** `Cookie` of scenarios that are logged in. */
  cookie: string;
  /** For wrk's script. */
  dir: string;
}

/** Drives one scenario by wrk. Throws when any answer was not 2xx or a connection broke. */
export async function drive(
  scenario: LoadScenario,
  options: LoadOptions,
): Promise<LoadResult> {
  const script = join(options.dir, `${scenario.name}.lua`);
  writeFileSync(script, wrkScript(scenario, options));
  const args = [
    ...`-t1 -c${scenario.connections} -d${options.seconds}s --latency`.split(' '),
    '-s',
    script,
    options.url + scenario.path,
  ];
  const before = cpuSeconds(options.pid);
  const output = await run('wrk', args);
  const used = cpuSeconds(options.pid) - before;
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);
  const failed = /Non-2xx or 3xx responses: .*|Socket errors: .*/.exec(output);
  if (failed) throw new Error(`${scenario.name} at ${options.url}: ${failed[0]}`);
  const requests = number(/^\s*(\d+) requests in /m);
  if (requests === 0) throw new Error(`${scenario.name}: wrk said\n${output}`);
  return {
    requestsPerSecond: number(/^Requests\/sec:\s+([\d.]+)/m),
    microsPerRequest: (used * 1e6) / requests,
    p99Ms: milliseconds(/^\s*99%\s+([\d.]+)(us|ms|s)/m.exec(output)),
  };
}

function milliseconds(match: RegExpExecArray | null): number {
  const factor = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? ''] ?? Number.NaN;
  return Number(match?.[1]) * factor;
}

function wrkScript(scenario: LoadScenario, { cookie }: LoadOptions): string {
  const { path, postBytes, isLoggedIn, isUnique } = scenario;
  const lines = [];
  if (postBytes !== undefined) {
    lines.push(
      'wrk.method = "POST"',
      `wrk.body = "field=" .. string.rep("x", ${postBytes - 6})`,
      'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"',
    );
  }
  if (isLoggedIn) lines.push(`wrk.headers["Cookie"] = "${cookie}"`);
  if (isUnique) {
    // Unlike any of the rounds before, whose pages may be in a cache.
    lines.push(
      `local n = ${Date.now()} * 1000`,
      'request = function()',
      '  n = n + 1',
      `  return wrk.format(nil, "${path}?n=" .. string.format("%d", n))`,
      'end',
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}
