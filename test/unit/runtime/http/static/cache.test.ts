import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Router } from '../../../../../runtime/http/routing.ts';
import type { FileRoute } from '../../../../../runtime/http/routing.ts';
import { AssetCache } from '../../../../../runtime/http/static/cache.ts';
import { baseConfig } from '../../../../integration/http/site.ts';

let dir: string;
let router: Router;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'phpack-cache-')));
  mkdirSync(join(dir, 'public'));
  for (let i = 0; i < 20; i++)
    writeFileSync(join(dir, `public/${i}.txt`), 'x'.repeat(10_000));
  const site = { config: baseConfig, appRoot: dir, writableRoot: null };
  router = new Router({ ...site, isTreeImmutable: true });
});
afterEach(() => rmSync(dir, { recursive: true }));

const route = (i: number): FileRoute => router.route(`/${i}.txt`) as FileRoute;

test('no more is held than allowed, and what is asked for stays', () => {
  const options = {
    roots: router.roots,
    cacheControlOf: () => null,
  };
  const cache = new AssetCache(options, 5 * 12_048);
  for (let i = 0; i < 20; i++) {
    expect(cache.assetOf(route(i))?.original.body?.length).toBe(10_000);
    cache.assetOf(route(0));
  }
  const held = Array.from({ length: 20 }, (_, i) => i).filter(
    (i) => route(i).asset !== null,
  );
  expect(held.length).toBeLessThanOrEqual(5);
  expect(held).toContain(0);
  expect(held).toContain(19);
});
