// npm run bench [-- SCENARIO…] [--rounds N] [--seconds N] [--kept] [--json FILE]
//
// Server CPU per request and requests per second, of our product beside nginx + php-fpm in
// the same run: rounds alternate between the two, so that a noisy machine hits both.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { removeTree } from '../test/apps/cache.ts';
import { type Contender, startFpm, startProduct, Workshop } from './contenders.ts';
import { firstResponse } from './first-response.ts';
import { drive, type LoadOptions, type LoadResult } from './load.ts';
import { memoryOf } from './processes.ts';
import { type LoadRow, loadTable, spreadText } from './report.ts';
import {
  firstScenario,
  type LoadScenario,
  loadScenarios,
  otherScenarios,
  type Site,
  sites,
  WORKERS,
} from './scenarios.ts';

interface Settings {
  rounds: number;
  seconds: number;
  /** Also nginx and fpm with kept connections between them. */
  kept: boolean;
}

const names = [
  ...loadScenarios
    .filter(({ site }) => sites.includes(site))
    .map((scenario) => scenario.name),
  ...otherScenarios,
];

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      kept: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`no scenario "${unknown}": ${names.join(' ')}`);
    return 2;
  }
  const wanted = new Set(positionals.length > 0 ? positionals : names);
  const settings = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    kept: values.kept,
  };
  // The peer's workers and a dropped privilege must be able to enter.
  const workshop = new Workshop(mkdtempSync(join(tmpdir(), 'phpack-bench-')));
  try {
    const rows: LoadRow[] = [];
    for (const site of sites) {
      rows.push(...(await loadSite(workshop, site, wanted, settings)));
    }
    if (rows.length > 0) console.log(`\n${loadTable(rows)}`);
    if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
    for (const site of sites) {
      if (!wanted.has(firstScenario(site))) continue;
      await printFirstResponse(workshop, site, settings.rounds);
    }
    return 0;
  } finally {
    await removeTree(workshop.dir);
  }
}

/** All scenarios of one site, with both servers up. */
async function loadSite(
  workshop: Workshop,
  site: Site,
  wanted: ReadonlySet<string>,
  settings: Settings,
): Promise<LoadRow[]> {
  const scenarios = loadScenarios.filter((s) => s.site === site && wanted.has(s.name));
  const isMemoryWanted = site === 'plain' && wanted.has('memory');
  if (scenarios.length === 0 && !isMemoryWanted) return [];
  const contenders: Contender[] = [];
  try {
    contenders.push(await startProduct(workshop, site));
    contenders.push(await startFpm(workshop, site));
    if (settings.kept) contenders.push(await startFpm(workshop, site, true));
    if (isMemoryWanted) await printMemory(contenders);
    const rows: LoadRow[] = [];
    for (const scenario of scenarios) {
      rows.push(...(await loadScenario(scenario, contenders, workshop.dir, settings)));
    }
    return rows;
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

async function loadScenario(
  scenario: LoadScenario,
  contenders: readonly Contender[],
  dir: string,
  { rounds, seconds }: Settings,
): Promise<LoadRow[]> {
  await compareAnswers(scenario, contenders);
  const results = contenders.map((): LoadResult[] => []);
  // Round 0 warms caches and compilers up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { url, pid, cookie }] of contenders.entries()) {
      const length = round === 0 ? 2 : seconds;
      const options: LoadOptions = { url, pid, dir, cookie, seconds: length };
      const result = await drive(scenario, options);
      if (round > 0) results[index]?.push(result);
    }
    console.log(`${scenario.name}: round ${round} of ${rounds}`);
  }
  return contenders.map(({ name }, index) => {
    return { scenario, contender: name, rounds: results[index] ?? [] };
  });
}

/** A fast wrong answer is worth nothing: all must say about the same. */
async function compareAnswers(
  scenario: LoadScenario,
  contenders: readonly Contender[],
): Promise<void> {
  const sizes = new Map<string, number>();
  for (const { name, url } of contenders) {
    const body =
      scenario.postBytes === undefined
        ? undefined
        : new URLSearchParams({ field: 'x'.repeat(scenario.postBytes - 6) });
    const init = body ? { method: 'POST', body } : {};
    const response = await fetch(url + scenario.path, init);
    const text = await response.text();
    if (response.status !== 200) {
      throw new Error(`${name}: ${scenario.path} gives ${response.status}: ${text}`);
    }
    sizes.set(name, text.length);
  }
  // WordPress writes its own address into its pages, so a hundredth may differ.
  if (Math.min(...sizes.values()) < 0.99 * Math.max(...sizes.values())) {
    const seen = [...sizes].map(([name, size]) => `${name} ${size}`).join(', ');
    throw new Error(`${scenario.path}: answers of different length: ${seen}`);
  }
}

async function printMemory(contenders: readonly Contender[]): Promise<void> {
  console.log(`\nmemory, idle, ${WORKERS} workers, after 400 requests`);
  for (const { name, url, pid } of contenders) {
    for (let i = 0; i < 100; i += 1) {
      const four = [1, 2, 3, 4].map(() => fetch(url).then((answer) => answer.text()));
      await Promise.all(four);
    }
    // A server that has unpacked its app gives that memory back after two seconds.
    await sleep(4000);
    const { processes, pss, rss } = memoryOf(pid);
    const budget = name === 'phpack' ? '  (budget: PSS ≤ 110 MB)' : '';
    console.log(
      `${name.padEnd(18)} ${processes} processes, PSS ${pss.toFixed(1)} MB, ` +
        `RSS ${rss.toFixed(1)} MB${budget}`,
    );
  }
}

async function printFirstResponse(
  workshop: Workshop,
  site: Site,
  rounds: number,
): Promise<void> {
  const seen = [];
  for (let round = 0; round < rounds; round += 1) {
    seen.push(await firstResponse(workshop, site));
  }
  const cold = spreadText(seen.map((r) => r.coldMs));
  const warm = spreadText(seen.map((r) => r.warmMs));
  console.log(
    `first response, ${site}: cold ${cold} ms, warm ${warm} ms (min median max)`,
  );
}

process.exitCode = await main(process.argv.slice(2));
