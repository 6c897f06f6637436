import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrowser } from './browser.ts';
import { builtProduct, type Deployment, deploy, exampleTree } from './product.ts';
import type { Server } from './server.ts';

let app: Deployment;
let server: Server;

beforeAll(async () => {
  app = await deploy(await builtProduct('hello', await exampleTree('hello')));
  server = await app.serve();
});

afterAll(() => app?.[Symbol.asyncDispose]());

test('the smallest example greets the world and its visitor', async () => {
  const browser = createBrowser(server.url);
  const world = await browser.get('/');
  expect(world.status).toBe(200);
  expect(world.headers.get('content-type')).toBe('text/html; charset=UTF-8');
  expect(world.body).toContain('<h1>Hello, world!</h1>');
  expect(world.body).toMatch(/PHP 8\.4\.\d+ answers as phpack\./);
  const named = await browser.get('/?name=%3CAda%3E');
  expect(named.body).toContain('<h1>Hello, &lt;Ada&gt;!</h1>');
});

test('HEAD has the headers of GET and no body', async () => {
  const [get, head] = await Promise.all(
    ['GET', 'HEAD'].map((method) => fetch(server.url, { method })),
  );
  expect(head!.status).toBe(200);
  expect(await head!.text()).toBe('');
  expect(head!.headers.get('content-type')).toBe(get!.headers.get('content-type'));
});

test('it says what it is made of', async () => {
  const { stdout, status } = await app.command(['version']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^php +8\.4\.\d+$/m);
  expect(stdout).toMatch(/^node +24\./m);
  // Every source of PHP, from libphp.json in the product.
  expect(stdout).toMatch(/^source +openssl 3\.\S+ \(Apache-2\.0\) [0-9a-f]{64}$/m);
  const facts = JSON.parse((await app.command(['version', '--json'])).stdout) as {
    modules: string[];
    libphp: { extensions: { name: string }[] };
  };
  expect(facts.libphp.extensions.map(({ name }) => name)).toEqual(facts.modules);
  const config = await app.command(['config', '--json']);
  expect(JSON.parse(config.stdout)).toBeTypeOf('object');
});
