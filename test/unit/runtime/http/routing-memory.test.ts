import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Router } from '../../../../runtime/http/routing.ts';
import { parseTarget } from '../../../../runtime/http/target.ts';
import { baseConfig } from '../../../integration/http/site.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let dir: string;
let router: Router;
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'phpack-router-')));
  mkdirSync(join(dir, 'public'));
  writeFileSync(join(dir, 'public/index.php'), '<?php');
  const site = { config: baseConfig, appRoot: dir, writableRoot: null };
  router = new Router({ ...site, isTreeImmutable: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function visit(count: number, pathOf: (i: number) => string): void {
  for (let i = 0; i < count; i++) {
    // As it comes from the wire: one string, of which the path is a part.
    const text = `${pathOf(i)}?${'q'.repeat(7000)}`;
    const target = Buffer.from(text).toString('latin1');
    router.route(parseTarget(target)!.rawPath);
  }
}

test('remembered paths hold neither their queries nor more than their share', () => {
  visit(100, (i) => `/warm/${i}`);
  const before = heapMb();
  visit(2000, (i) => `/some/page/${i}`);
  // 14 MB of queries.
  expect(heapMb() - before).toBeLessThan(4);
  visit(4000, (i) => `/${'p'.repeat(480)}/${i}`);
  expect(heapMb() - before).toBeLessThan(8);
});
