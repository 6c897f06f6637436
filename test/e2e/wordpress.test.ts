import { afterAll, beforeAll, expect, test } from 'vitest';
import { wordpressTree } from '../apps/wordpress.ts';
import { builtProduct, type Deployment, deploy } from './product.ts';
import type { Server } from './server.ts';
import { describeSite } from './wordpress-site.ts';

let app: Deployment;
let server: Server;

beforeAll(async () => {
  app = await deploy(await builtProduct('wordpress', await wordpressTree()));
  server = await app.serve();
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

describeSite(() => server);

test('the command line sees the same site', async () => {
  const root = (await app.command(['extract'])).stdout.trim();
  const code = 'require "wp-load.php"; echo get_bloginfo("name"), PHP_EOL;';
  const { stdout, stderr, status } = await app.phpCli(['-r', code], { cwd: root });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe('Zeitung &amp; Söhne\n');
});
